"""The numbers of this installation, for Prometheus and for the page *System* of the admin."""
