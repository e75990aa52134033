"""Finding conversations: one grammar of filters, one way to the rows, for every door."""
