"""How Django writes times where no code of ours does: as our own pages do."""
