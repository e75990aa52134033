"""How the installation runs: what its processes report."""
