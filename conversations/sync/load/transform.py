"""Converts Graph's records to unsaved rows: the only place where a Graph field becomes a column.

The functions run no query and have no side effects.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from itertools import takewhile
from typing import Any

from django.utils import timezone

from conversations.graph import records
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.lib import folding
from conversations.lib.names import is_placeholder
from conversations.lib.text import as_json, clean, clean_json, clean_json_text
from conversations.models import Conversation, InteractionEvent, Page, Platform, Thread
from conversations.sync.load.customer import ThreadPeople, people_of
from conversations.sync.load.event_row import NULL, EventRow, escape, event_line, event_row
from conversations.sync.load.states.fingerprint import fingerprint, text_fingerprint
from conversations.sync.load.states.references import REFERENCES, with_plain_references
from conversations.sync.load.unsaved import unsaved

NO_CUSTOMER = "Facebook does not name the customer of this thread."

NO_TIME = datetime.fromtimestamp(0, UTC)  # of a message if neither it nor anything around it has a time
COUNTS = frozenset({"message_count", "graph_unread_count"})

# Plain strings, which are faster than enum members: a batch has thousands.
RECEIVED = InteractionEvent.Kind.MESSAGE_RECEIVED.value
SENT = InteractionEvent.Kind.MESSAGE_SENT.value
UNKNOWN = InteractionEvent.Kind.MESSAGE_UNKNOWN.value


class Extent(Enum):
    """How far back the messages of a record reach."""

    WHOLE = "to the first message of the thread"
    TRUNCATED = "to the oldest message that Facebook still shows"
    PARTIAL = "there are older messages, or the record came without its messages"
    CAPPED = "no more messages follow, but as many came as were requested, and Facebook counts more"


@dataclass
class ShownMessages:
    """What a record shows of the messages of its thread."""

    count: int = 0  # including unreadable ones
    oldest: datetime | None = None  # time of the first readable message that has one
    newest: datetime | None = None  # time of the last one that is not in the future
    extent: Extent = Extent.WHOLE
    after: str | None = None  # the cursor of the older messages; None: begin with the newest
    oldest_id: str | None = None  # of the first readable message, which the older ones precede
    untimed: tuple[str, ...] = ()  # messages before it: see split_untimed()


@dataclass
class ThreadRows:
    """The rows of one record, without primary keys and not yet combined with the stored rows."""

    thread: Thread
    conversation: Conversation | None  # None: the customer is unknown
    events: list[EventRow] = field(default_factory=list)  # oldest first; the loader removes the stored ones
    shown: ShownMessages = field(default_factory=ShownMessages)
    given: Collection[str] = COUNTS | {"can_reply"}  # the optional columns that the record has a value for
    # Of the events that were removed: the oldest time, whether any replaced a stored one, and whether an
    # earlier version did not read their times rightly.
    oldest_stored: datetime | None = field(default=None, init=False)
    has_newer_states: bool = field(default=False, init=False)
    was_misread: bool = field(default=False, init=False)
    people: ThreadPeople = field(default_factory=lambda: ThreadPeople(None))
    listed_id: str = ""  # of the customer as the record shows it; `sender_id` may be replaced by a stored one

    @property
    def sender_id(self) -> str:
        return self.conversation.sender_id if self.conversation else ""


def batch_to_rows(batch: Iterable[records.Conversation], page: Page, platform: str) -> list[ThreadRows]:
    """Return the rows of one answer. Any thread may call it."""
    now = timezone.now()
    return [to_rows(record, page, platform, now=now) for record in batch]


def to_rows(
    record: records.Conversation, page: Page, platform: str, *, now: datetime, sender_id: str = ""
) -> ThreadRows:
    """Return the rows of one record. `sender_id` is the customer to assume if the record names none."""
    messages = record.messages or records.MessageBatch()
    people = people_of(record, page)
    events = to_events(messages, page, thread_time=record.updated_time, business_ids=people.business_ids)
    sender = people.customer or (records.Person(sender_id) if sender_id else None)
    unreadable = messages.unreadable + len(messages.messages) - len(events)
    return ThreadRows(
        _thread(
            record,
            page,
            platform,
            unreadable=unreadable,
            problem=record.problem or ("" if sender else NO_CUSTOMER),
            people=people,
        ),
        _conversation(record, sender, events, page, platform) if sender else None,
        events,
        _shown(record, events, unreadable, platform, now),
        _given(record, sender),
        people=people,
        listed_id=clean(sender.id) if sender else "",
    )


def _shown(
    record: records.Conversation, events: list[EventRow], unreadable: int, platform: str, now: datetime
) -> ShownMessages:
    shown = ShownMessages(len(events) + unreadable, oldest_of(events), newest_until(now, events))
    shown.untimed, shown.oldest_id = split_untimed(events)
    if platform == Platform.INSTAGRAM and _is_truncated(record, len(events), unreadable):
        shown.extent = Extent.TRUNCATED
    elif record.messages is None or record.messages.after is not None:  # message_count is an estimate
        shown.extent = Extent.PARTIAL
        shown.after = (record.messages and record.messages.after) or None
    elif record.messages.is_full and (record.message_count or 0) > shown.count:
        shown.extent = Extent.CAPPED
    return shown


def _given(record: records.Conversation, sender: records.Person | None) -> set[str]:
    """Return the optional columns that the record has a value for."""
    given = {"sender_name"} if sender and not is_placeholder(sender.name, sender.id) else set()
    # A missing count means 0 if the other count came, and unknown if both were refused.
    if record.unread_count is not None or record.message_count is not None:
        given |= COUNTS
    return given if record.can_reply is None else given | {"can_reply"}


def _is_truncated(record: records.Conversation, readable: int, unreadable: int) -> bool:
    """Whether the record has all messages that Instagram still shows of a longer thread.

    Facebook does not document what happens to the older ones: they may come as IDs without content, be left
    out, or follow after a cursor.
    """
    shown = readable + unreadable
    has_cursor = record.messages is not None and record.messages.after is not None
    return shown >= INSTAGRAM_WINDOW and (
        has_cursor or shown > max(readable, INSTAGRAM_WINDOW) or (record.message_count or 0) > shown
    )


def oldest_of(events: Iterable[EventRow]) -> datetime | None:
    """Return the time of the first of these events (oldest first) that has one."""
    return next((event.occurred_at for event in events if event.has_time), None)


def split_untimed(events: Sequence[EventRow]) -> tuple[tuple[str, ...], str | None]:
    """Return the first of these events (oldest first) that take the time of an older one, and the next event.

    Both are IDs. The older message is in the next answer, if Facebook has any.
    """
    untimed = tuple(
        event.graph_id for event in takewhile(lambda each: not (each.has_time or each.has_neighbor), events)
    )
    return untimed, events[len(untimed)].graph_id if len(untimed) < len(events) else None


def newest_of(events: Sequence[EventRow]) -> EventRow | None:
    """Return the last of these events (oldest first) that has a time, else the last one."""
    return next((event for event in reversed(events) if event.has_time), events[-1] if events else None)


def newest_until(now: datetime, events: Iterable[EventRow]) -> datetime | None:
    """Return the newest time of these events. Ignore times in the future: they would cover later messages."""
    times = (event.occurred_at for event in events if event.has_time and event.occurred_at <= now)
    return max(times, default=None)


def _thread(
    record: records.Conversation,
    page: Page,
    platform: str,
    *,
    unreadable: int,
    problem: str,
    people: ThreadPeople,
) -> Thread:
    return unsaved(
        Thread,
        page_id=page.pk,
        platform=platform,
        graph_id=clean(record.id),
        updated_time=record.updated_time,
        message_count=record.message_count or 0,
        unreadable_count=unreadable,
        state=Thread.State.UNREADABLE if problem else Thread.State.STORED,
        reason=clean(problem),
        record=clean_json(record.raw) if problem else None,
        people=people.unclear or None,
    )


def to_events(
    batch: records.MessageBatch,
    page: Page,
    *,
    thread_time: datetime | None,
    business_ids: Collection[str] = (),
) -> list[EventRow]:
    """Convert messages (newest first) to events (oldest first).

    A message without a usable time gets that of the next older one, else `thread_time`, and is marked.
    Messages without any content are left out: the caller counts them as unreadable. `business_ids`: those
    that the record shows.
    """
    business_ids = business_ids or page.business_ids
    messages, core = batch.messages, batch.core
    occurred_at, has_neighbor = thread_time or _oldest_time(messages) or NO_TIME, False
    latest = NO_TIME
    events: list[EventRow] = []
    for message in reversed(messages):
        if message.created_time:
            occurred_at, has_neighbor = message.created_time, True
        elif _has_only_id(message):
            continue
        # Messages come in order, and comparing times is faster than counting them in a dict.
        rank = 0 if occurred_at > latest else _next_rank(events, occurred_at)
        latest = max(latest, occurred_at)
        events.append(_event(message, business_ids, occurred_at, rank, has_neighbor, core))
    return events


def _next_rank(events: Sequence[EventRow], occurred_at: datetime) -> int:
    """Return the rank of a message that follows these events in its second."""
    return next((event.rank + 1 for event in reversed(events) if event.occurred_at == occurred_at), 0)


def _oldest_time(messages: Sequence[records.Message]) -> datetime | None:
    return next((message.created_time for message in reversed(messages) if message.created_time), None)


def _has_only_id(message: records.Message) -> bool:
    """Whether a message without a time has no content either."""
    return not (message.message or message.attachments or message.rest_json != "{}")


def _event(
    message: records.Message,
    business_ids: Collection[str],
    occurred_at: datetime,
    rank: int,
    has_neighbor: bool,
    core: bool,
) -> EventRow:
    if not message.iso_time or core or "reactions" in message.state or "reply_to" in message.state:
        return _unusual_event(message, business_ids, occurred_at, rank, has_neighbor, core)
    sender, graph_id, text, data = message.from_, message.id, message.message, message.rest_json
    kind = UNKNOWN if sender is None else SENT if sender.id in business_ids else RECEIVED
    escaped_id, escaped_text, attachments = graph_id, text, "[]"
    if "\\" in text or not (text.isprintable() and graph_id.isprintable()) or "\\" in graph_id:
        graph_id, text = clean(graph_id), clean(text)
        escaped_id, escaped_text = escape(graph_id), escape(text)
    if "\\" in data:
        data = clean_json_text(data)
    if message.attachments:
        attachments = as_json(message.attachments)
    if message.attachments or message.state:
        mark = fingerprint(kind, text, message.attachments, message.state)
    else:
        mark = text_fingerprint(kind, text)
    header = message.header
    key = NULL if header is None else header.key
    line = event_line(kind, escaped_id, message.iso_time, escaped_text, attachments, data, key, mark, rank)
    return EventRow(kind, graph_id, occurred_at, text, line, mark, rank, header=header)


def _unusual_event(
    message: records.Message,
    business_ids: Collection[str],
    occurred_at: datetime,
    rank: int,
    has_neighbor: bool,
    core: bool,
) -> EventRow:
    sender, text = message.from_, clean(message.message)
    kind = UNKNOWN if sender is None else SENT if sender.id in business_ids else RECEIVED
    state = with_plain_references(message.state, business_ids)
    return event_row(
        kind,
        clean(message.id),
        occurred_at,
        text,
        as_json(message.attachments) if message.attachments else "[]",
        _data_of(message, state),
        message.iso_time,
        fingerprint=None if core else fingerprint(kind, text, message.attachments, state),
        rank=rank,
        has_time=message.created_time is not None,
        has_neighbor=has_neighbor,
        header=message.header,
    )


def _data_of(message: records.Message, state: dict[str, Any]) -> str:
    """Return `data` of a message whose fields are not all stored as they came."""
    more: dict[str, Any] = {name: state[name] for name in REFERENCES if name in state}
    if message.created_time and message.created_time.microsecond:
        more["ms"] = message.created_time.microsecond // 1000
    return as_json(json.loads(message.rest_json) | more) if more else clean_json_text(message.rest_json)


def _conversation(
    record: records.Conversation,
    sender: records.Person,
    events: list[EventRow],
    page: Page,
    platform: str,
) -> Conversation:
    newest = newest_of(events)
    conversation = unsaved(
        Conversation,
        page_id=page.pk,
        sender_id=clean(sender.id),
        platform=platform,
        graph_id=clean(record.id),
        sender_name=clean(sender.name),
        last_message=(newest and newest.text) or clean(record.snippet),
        last_message_time=newest.occurred_at if newest and newest.has_time else record.updated_time,
        last_message_kind=newest.kind if newest else "",
        message_count=record.message_count or 0,
        unread_count=record.unread_count or 0,
        graph_unread_count=record.unread_count or 0,
        can_reply=record.can_reply is not False,
    )
    conversation.search = search_text(conversation)
    return conversation


def search_text(conversation: Conversation) -> str:
    """Return what the search of the list reads."""
    return folding.search_text(conversation.sender_name, conversation.last_message)
