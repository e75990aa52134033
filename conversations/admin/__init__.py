"""What staff work with. What one sees and may do follows one's roles on Pages."""

from conversations.admin import conversations, forgetting, jobs, pages, records, runs, tags, views

__all__ = ["conversations", "forgetting", "jobs", "pages", "records", "runs", "tags", "views"]
