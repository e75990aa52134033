"""Moves what graph/ brings into the tables."""
