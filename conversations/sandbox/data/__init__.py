"""The content of a sandbox: Pages, people, threads and messages."""
