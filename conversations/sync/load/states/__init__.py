"""Compares received messages with stored ones: their content, and their order within a second."""
