"""Asking Facebook for one conversation, now, while somebody waits: its newest state, a link that works."""

import time
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urljoin, urlsplit

from django.db import DataError, OperationalError, transaction
from django.utils import timezone

from conversations.asking import Refused, Why, asking
from conversations.graph import records
from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError
from conversations.locks import lock_rows, sync_lock
from conversations.models import Conversation, InteractionEvent, Page, Platform
from conversations.pieces import Piece, pieces_of
from conversations.sync import loader, takeover
from conversations.sync.forgotten import Forgotten
from conversations.sync.histories import Reading
from conversations.sync.merge import age
from conversations.sync.transform import INSTAGRAM_WINDOW, ThreadRows, to_rows
from conversations.text import clean_json

READING_SECONDS = 25.0  # of older messages; what is not read by then is left to the next sync
FACEBOOK = "https://www.facebook.com"


@dataclass(frozen=True)
class Refreshed:
    """How a refresh ended well."""

    events_created: int
    message: str


# -- the conversation --------------------------------------------------------------------------------------
def refresh(conversation: Conversation) -> Refreshed:
    """Reads what Facebook shows of it now, down to what we hold, and stores that as a sync does.

    Raises Refused. A sync of the Page may run meanwhile.
    """
    page = Page.objects.get(pk=conversation.page_id)
    with asking(page, conversation.platform) as client:
        record, is_gapless = _read(client, page, conversation)
    row = to_rows(record, page, conversation.platform, now=timezone.now(), sender_id=conversation.sender_id)
    try:
        outcome = _store(page, row) if is_gapless else _store_beside_no_sync(page, row)
    except (DataError, OperationalError) as error:
        if not loader.is_about_a_value(error):
            raise
        raise Refused(
            "PostgreSQL cannot hold what Facebook sent. Nothing was changed.", Why.FACEBOOK
        ) from None
    return Refreshed(outcome.events_created if outcome else 0, _in_words(outcome))


def _read(client: GraphClient, page: Page, conversation: Conversation) -> tuple[records.Conversation, bool]:
    """The conversation with all messages that we may lack, as if they had come nested in it.

    And whether these are all: reading ends after READING_SECONDS.
    """
    if not conversation.graph_id:
        raise Refused("Facebook's id of this conversation is not known: sync the Page.", Why.FACEBOOK)
    record = client.conversation(conversation.graph_id)
    if record.problem:
        return record, True
    thread = page.threads.filter(graph_id=record.id).first()
    border = thread.complete_until if thread else None
    batch = record.messages or records.MessageBatch(after="")
    until = time.monotonic() + READING_SECONDS
    while not _is_enough(batch, border, conversation.platform) and time.monotonic() < until:
        batch = _joined(batch, _further(client, record.id, batch, conversation.platform))
    return replace(record, messages=batch), _is_enough(batch, border, conversation.platform)


def _is_enough(batch: records.MessageBatch, border: datetime | None, platform: str) -> bool:
    """Whether it reaches down to what is held: everything up to the border is."""
    count = len(batch.messages) + batch.unreadable
    if batch.after is None or (platform == Platform.INSTAGRAM and count >= INSTAGRAM_WINDOW):
        return True
    times = [message.created_time for message in batch.messages if message.created_time]
    return border is not None and bool(times) and times[-1] < border


def _further(
    client: GraphClient, graph_id: str, batch: records.MessageBatch, platform: str
) -> records.MessageBatch:
    """The next messages; without a cursor (Facebook gave none) from the newest on."""
    limit = None
    if platform == Platform.INSTAGRAM:  # one message beyond may cost the whole answer
        limit = max(INSTAGRAM_WINDOW - len(batch.messages) - batch.unreadable, 1)
    found = client.message_batch(graph_id, after=batch.after or None, limit=limit)
    if found.after is not None and found.after == batch.after:
        raise GraphError("Facebook repeated a cursor: the list would never end.")
    return found


def _joined(newer: records.MessageBatch, older: records.MessageBatch) -> records.MessageBatch:
    if not newer.after:  # it was read from the newest on once more
        return older
    messages = [*newer.messages, *older.messages]
    return records.MessageBatch(messages, older.after, newer.unreadable + older.unreadable)


@transaction.atomic
def _store(page: Page, row: ThreadRows) -> loader.Outcome | None:
    """All at once: no gap is left that a sync, running or killed, would have to know of.

    None: meanwhile a sync has stored a newer state. It knows what is still to be read; this one does not.
    """
    forgotten = Forgotten(page)
    forgotten.lock_and_look()
    [row] = forgotten.hide([row])
    stored = page.threads.filter(graph_id=row.thread.graph_id).first()
    if stored and age(stored) > age(row.thread):
        return None
    [outcome] = loader.save_batch(page, [row], is_keyed=not takeover.missing_keys())
    if outcome.needs_history:  # the next sync goes on from here
        count = outcome.shown if outcome.after else 0
        border = outcome.thread.complete_until
        place = Reading(outcome.thread, newest=outcome.newest, border=border, written=count)
        loader.begin_readings([(outcome.thread, place.as_json(outcome.after))])
    return outcome


def _store_beside_no_sync(page: Page, row: ThreadRows) -> loader.Outcome | None:
    """A gap stays. A sync that reads this very thread now would take it for closed at its end."""
    with sync_lock(page.pk) as lock:
        if not lock.is_ours:
            raise Refused("There is much to read, and a sync is bringing it right now.", Why.FACEBOOK)
        return _store(page, row)


def _in_words(outcome: loader.Outcome | None) -> str:
    if outcome is None:
        return "A sync has just brought the newest state."
    count = outcome.events_created
    if outcome.result == "skipped":
        return f"Facebook does not let it be read: {outcome.thread.reason}"
    new = f"{count} new message{'s' * (count != 1)}" if count else ""
    if outcome.needs_history:
        return f"{new or 'Nothing new'} so far. The next sync brings the older ones."
    if count:
        return f"{new}."
    return "Nothing new." if outcome.result == "unchanged" else "No new message; the rest is up to date now."


# -- links -------------------------------------------------------------------------------------------------
def fresh_attachment(event: InteractionEvent, index: int) -> str:
    """A web address of the message's piece (pieces_of, from 0) that works now. Raises Refused.

    Facebook's links expire: the message is read anew, and its new links are kept.
    """
    pieces = pieces_of(event.attachments, event.data, event.text)
    piece = pieces[index] if index < len(pieces) else None
    if piece is None or not piece.address:
        raise Refused("Facebook gave no link for this.", Why.NOTHING)
    if not piece.expires:
        return piece.address
    page = Page.objects.get(pk=event.conversation.page_id)
    with asking(page, event.conversation.platform) as client:
        message = client.message(event.graph_id or "")
    address = _same(piece, index, pieces_of(message.attachments, message.rest, message.message))
    _keep(page, event, message)
    return address


def _same(piece: Piece, index: int, fresh: list[Piece]) -> str:
    """The address of the same piece, by Facebook's id where it has one, else by its place."""
    found = next((other for other in fresh if piece.id and other.id == piece.id), None)
    found = found or (fresh[index] if index < len(fresh) else None)
    if found is None or not found.address or found.kind != piece.kind:
        raise Refused("Facebook no longer has this: it was deleted there, or is hidden now.", Why.GONE)
    return found.address


@transaction.atomic
def _keep(page: Page, event: InteractionEvent, message: records.Message) -> None:
    lock_rows([page.pk])
    InteractionEvent.objects.filter(pk=event.pk).update(
        attachments=clean_json(message.attachments), data=clean_json(message.rest)
    )


def thread_link(conversation: Conversation) -> str:
    """The address of the conversation at Facebook, which it alone knows. Raises Refused."""
    page = Page.objects.get(pk=conversation.page_id)
    with asking(page, conversation.platform) as client:
        link = client.get(conversation.graph_id, fields="link").get("link")
    try:
        address = urljoin(FACEBOOK, link) if link and isinstance(link, str) else ""
        parts = urlsplit(address)
    except ValueError:
        address, parts = "", urlsplit("")
    if parts.scheme != "https" or not f".{parts.hostname}".endswith(".facebook.com"):
        raise Refused("Facebook tells no address of this conversation.", Why.NOTHING)
    return address
