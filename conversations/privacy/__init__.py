"""Deletes the data of a person or of a whole Page for good. No sync stores a deleted person again."""
