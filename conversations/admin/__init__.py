"""What staff work with. What one sees and may do follows one's roles on Pages."""

from conversations.admin import conversations, jobs, pages, records, runs, tags, views

__all__ = ["conversations", "jobs", "pages", "records", "runs", "tags", "views"]
