"""Reads one conversation or one attachment from Facebook while a user waits."""

import time
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from django.db import DataError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from msgspec.structs import replace

from conversations.connections.interactive import FacebookRefused, RefusalReason, interactive_client
from conversations.graph import records
from conversations.graph.client import GraphClient
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.graph.readers.list_progress import ListProgress
from conversations.lib.attachments import Attachment, attachments_of
from conversations.lib.locks import sync_lock
from conversations.media.renewal import save
from conversations.models import Conversation, InteractionEvent, Page, Platform, constraints
from conversations.sync.load import batch_loader, thread_history
from conversations.sync.load.backfill_state import BackfillState
from conversations.sync.load.reconcile import version
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.load.transform import ThreadRows, to_rows
from conversations.sync.transaction import is_value_error

MAX_READ_SECONDS = 25.0  # for older messages; the next sync reads the rest
FACEBOOK = "https://www.facebook.com"


@dataclass(frozen=True)
class RefreshResult:
    """The result of a successful refresh."""

    events_created: int
    message: str


# -- the conversation --------------------------------------------------------------------------------------
def refresh(conversation: Conversation) -> RefreshResult:
    """Read the current state of a conversation and its new messages, and store them as a sync does.

    Raises FacebookRefused. A sync of the Page may run at the same time.
    """
    page = Page.objects.get(pk=conversation.page_id)
    with interactive_client(page, conversation.platform) as client:
        record, is_gapless = _read_record(client, page, conversation)
    row = to_rows(record, page, conversation.platform, now=timezone.now(), sender_id=conversation.sender_id)
    try:
        result = _store(page, row) if is_gapless else _store_unless_syncing(page, row)
    except (DataError, OperationalError) as error:
        if not is_value_error(error):
            raise
        raise FacebookRefused(
            gettext("PostgreSQL cannot hold what Facebook sent. Nothing was changed."), RefusalReason.FACEBOOK
        ) from None
    return RefreshResult(result.events_created if result else 0, _describe(result))


def _read_record(
    client: GraphClient, page: Page, conversation: Conversation
) -> tuple[records.Conversation, bool]:
    """Return the conversation with all messages that may be missing here, as if nested in its record.

    Also returns whether these are all: reading stops after MAX_READ_SECONDS.
    """
    if not conversation.graph_id:
        raise FacebookRefused(
            gettext("The Facebook ID of this conversation is unknown. Sync the Page first."),
            RefusalReason.FACEBOOK,
        )
    record = client.conversation(conversation.graph_id)
    if record.problem:
        return record, True
    thread = page.threads.filter(graph_id=record.id).first()
    complete_until = thread.complete_until if thread else None
    batch = record.messages or records.MessageBatch(after="")
    until, progress = time.monotonic() + MAX_READ_SECONDS, ListProgress()
    platform = conversation.platform
    while not _is_gapless(batch, complete_until, platform) and time.monotonic() < until:
        older = _read_more(client, record.id, batch, platform)
        progress.record(older.ids)
        if progress.error:
            raise progress.error
        batch = _join(batch, older)
    return replace(record, messages=batch), _is_gapless(batch, complete_until, platform)


def _is_gapless(batch: records.MessageBatch, complete_until: datetime | None, platform: str) -> bool:
    """Whether the messages reach back to those that are stored: all up to `complete_until` are."""
    count = len(batch.messages) + batch.unreadable
    if batch.after is None or (platform == Platform.INSTAGRAM and count >= INSTAGRAM_WINDOW):
        return True
    times = [message.created_time for message in batch.messages if message.created_time]
    return complete_until is not None and bool(times) and times[-1] < complete_until


def _read_more(
    client: GraphClient, graph_id: str, batch: records.MessageBatch, platform: str
) -> records.MessageBatch:
    """Read the next older messages; without a cursor, which Facebook may omit, from the newest on."""
    limit = None
    if platform == Platform.INSTAGRAM:  # one message too many may fail the whole request
        limit = max(INSTAGRAM_WINDOW - len(batch.messages) - batch.unreadable, 1)
    return client.message_batch(graph_id, after=batch.after or None, limit=limit)


def _join(newer: records.MessageBatch, older: records.MessageBatch) -> records.MessageBatch:
    if not newer.after:  # the older batch was read from the newest message on
        return older
    messages = [*newer.messages, *older.messages]
    return records.MessageBatch(
        messages, older.after, newer.unreadable + older.unreadable, core=newer.core or older.core
    )


@transaction.atomic
def _store(page: Page, row: ThreadRows) -> batch_loader.ThreadResult | None:
    """Store the conversation in one transaction, so that no sync, running or killed, finds a partial state.

    Returns None if a sync has stored a newer state in the meantime: only that one knows what is left to read.
    """
    suppressed = SuppressionList(page)
    suppressed.lock_and_load()
    [row] = suppressed.filter_rows([row])
    existing = page.threads.filter(graph_id=row.thread.graph_id).first()
    if existing and version(existing) > version(row.thread):
        return None
    [result] = batch_loader.save_batch(page, [row], is_keyed=not constraints.missing_keys())
    if result.needs_history:  # the next sync continues here
        point = BackfillState.start(result).point(result.shown.after)
        thread_history.save_backfills([(result.thread, point)])
    return result


def _store_unless_syncing(page: Page, row: ThreadRows) -> batch_loader.ThreadResult | None:
    """Store a conversation with a gap. A sync that reads this thread now would mark it as complete."""
    with sync_lock(page.pk) as lock:
        if not lock.is_acquired:
            raise FacebookRefused(
                gettext("There are many messages to read, and a running sync is reading them now."),
                RefusalReason.FACEBOOK,
            )
        return _store(page, row)


def _describe(result: batch_loader.ThreadResult | None) -> str:
    if result is None:
        return gettext("A sync has just updated this conversation.")
    count = result.events_created
    if result.result == "skipped":
        return gettext("Facebook does not show this conversation: %(reason)s") % {
            "reason": result.thread.reason
        }
    if result.needs_history and not count:
        return gettext("No new messages so far. The next sync reads the older ones.")
    if result.needs_history:
        text = ngettext(
            "%(count)s new message so far. The next sync reads the older ones.",
            "%(count)s new messages so far. The next sync reads the older ones.",
            count,
        )
        return text % {"count": count}
    if count:
        return ngettext("%(count)s new message.", "%(count)s new messages.", count) % {"count": count}
    return (
        gettext("No changes.")
        if result.result == "unchanged"
        else gettext("No new messages; other changes were saved.")
    )


# -- links -------------------------------------------------------------------------------------------------
def current_attachment_url(event: InteractionEvent, index: int) -> str:
    """Return a working URL of an attachment; `index` counts attachments_of() from 0.

    Facebook's links expire. An expired message is read again, and its new links are stored. Raises
    FacebookRefused.
    """
    attachments = attachments_of(event.attachments, event.data, event.text)
    attachment = attachments[index] if index < len(attachments) else None
    if attachment is None or not attachment.address:
        raise FacebookRefused(
            gettext("Facebook provides no link for this attachment."), RefusalReason.NOTHING
        )
    if not attachment.expires:
        return attachment.address
    page = Page.objects.get(pk=event.conversation.page_id)
    with interactive_client(page, event.conversation.platform) as client:
        message = client.message(event.graph_id or "")
    url = _matching_url(attachment, index, attachments_of(message.attachments, message.rest, message.message))
    save(page, [event], {event.graph_id or "": message})
    return url


def _matching_url(attachment: Attachment, index: int, fresh: list[Attachment]) -> str:
    """Return the URL of the same attachment, found by its Facebook ID, or by its index if it has none."""
    match = next((other for other in fresh if attachment.id and other.id == attachment.id), None)
    match = match or (fresh[index] if index < len(fresh) else None)
    if match is None or not match.address or match.kind != attachment.kind:
        raise FacebookRefused(
            gettext("This attachment is no longer available at Facebook: it was deleted or hidden."),
            RefusalReason.GONE,
        )
    return match.address


def facebook_url(conversation: Conversation) -> str:
    """Return the URL of the conversation at Facebook, which only Facebook knows. Raises FacebookRefused."""
    page = Page.objects.get(pk=conversation.page_id)
    with interactive_client(page, conversation.platform) as client:
        link = client.get(conversation.graph_id, fields="link").get("link")
    try:
        address = urljoin(FACEBOOK, link) if link and isinstance(link, str) else ""
        parts = urlsplit(address)
    except ValueError:
        address, parts = "", urlsplit("")
    if parts.scheme != "https" or not f".{parts.hostname}".endswith(".facebook.com"):
        raise FacebookRefused(
            gettext("Facebook provides no link to this conversation."), RefusalReason.NOTHING
        )
    return address
