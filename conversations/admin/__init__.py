"""The Django admin of the inbox. What a user sees and may do here follows the user's roles on Pages."""

from conversations.admin import (
    activity_admin,
    alert_admin,
    audit_admin,
    job_admin,
    outbox_admin,
    tag_admin,
    webhook_admin,
)
from conversations.admin.conversations import (
    conversation_list,
    export_admin,
    saved_reply_admin,
    saved_view_admin,
)
from conversations.admin.imports import import_admin
from conversations.admin.pages import erasure, page_admin
from conversations.admin.runs import run_admin

__all__ = [
    "activity_admin",
    "alert_admin",
    "audit_admin",
    "conversation_list",
    "erasure",
    "export_admin",
    "import_admin",
    "job_admin",
    "outbox_admin",
    "page_admin",
    "run_admin",
    "saved_reply_admin",
    "saved_view_admin",
    "tag_admin",
    "webhook_admin",
]
