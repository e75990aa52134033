"""Tables of what staff write to customers."""
