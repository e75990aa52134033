"""Exports: conversations and messages as CSV or NDJSON, sent while they are read or prepared by a worker."""
