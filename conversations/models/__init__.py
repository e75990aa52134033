"""The database tables, one module for each subject. Import the main models from here."""

from conversations.models import insight, privacy, search
from conversations.models.aliases import ConversationAlias, RemovedConversation
from conversations.models.answers.drafts import Draft
from conversations.models.answers.saved_replies import SavedReply
from conversations.models.audit import AuditEntry
from conversations.models.conversations import Conversation, ConversationTag, InteractionEvent, Thread
from conversations.models.exports import Export, ExportPart, ExportPiece
from conversations.models.imports import ImportCheck, ImportedMessage, ImportedThread, ImportSuggestion
from conversations.models.media import ArchivedPart, ArchivePosition, LinkRenewal, MediaFile
from conversations.models.message_headers import MessageHeader
from conversations.models.operations import BulkOperation, JobOrigin, OperationChunk
from conversations.models.outbox import OutgoingMessage, OutgoingPiece
from conversations.models.pages import (
    Alert,
    AlertNotice,
    CallBudget,
    Page,
    PageMember,
    PendingConnection,
    Platform,
    messenger_only,
)
from conversations.models.running.process_reports import ProcessReport
from conversations.models.runs import SyncRun
from conversations.models.saved_views import SavedView
from conversations.models.webhooks import SendingApp, WebhookDelivery

__all__ = [
    "Alert",
    "AlertNotice",
    "ArchivePosition",
    "ArchivedPart",
    "AuditEntry",
    "BulkOperation",
    "CallBudget",
    "Conversation",
    "ConversationAlias",
    "ConversationTag",
    "Draft",
    "Export",
    "ExportPart",
    "ExportPiece",
    "ImportCheck",
    "ImportSuggestion",
    "ImportedMessage",
    "ImportedThread",
    "InteractionEvent",
    "JobOrigin",
    "LinkRenewal",
    "MediaFile",
    "MessageHeader",
    "OperationChunk",
    "OutgoingMessage",
    "OutgoingPiece",
    "Page",
    "PageMember",
    "PendingConnection",
    "Platform",
    "ProcessReport",
    "RemovedConversation",
    "SavedReply",
    "SavedView",
    "SendingApp",
    "SyncRun",
    "Thread",
    "WebhookDelivery",
    "insight",
    "messenger_only",
    "privacy",
    "search",
]
