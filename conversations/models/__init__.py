"""The database tables, one module for each subject. Import the main models from here."""

from conversations.models import insight, privacy, search
from conversations.models.conversations import Conversation, ConversationTag, InteractionEvent, Thread
from conversations.models.pages import CallBudget, Page, PageMember, Platform, messenger_only
from conversations.models.runs import SyncRun
from conversations.models.saved_views import SavedView

__all__ = [
    "CallBudget",
    "Conversation",
    "ConversationTag",
    "InteractionEvent",
    "Page",
    "PageMember",
    "Platform",
    "SavedView",
    "SyncRun",
    "Thread",
    "insight",
    "messenger_only",
    "privacy",
    "search",
]
