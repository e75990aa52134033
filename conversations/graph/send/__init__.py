"""Sending messages of a Page: one request each, which nothing repeats by itself."""
