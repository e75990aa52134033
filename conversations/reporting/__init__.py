"""Read-only views of the stored conversations for SQL (docs/data.md), and the role that reads them."""
