"""The log: its two formats, the ids in each line, and what must not be in one (docs/monitoring.md)."""
