"""Converts Graph's records to unsaved rows: the only place where a Graph field becomes a column.

The functions run no query and have no side effects.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from django.utils import timezone

from conversations.graph import records
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.lib.text import as_json, clean, clean_json, clean_json_text, fold
from conversations.models import Conversation, InteractionEvent, Page, Platform, Thread
from conversations.sync.load.customer import Cast, cast_of
from conversations.sync.load.event_row import EventRow, event_row

NO_CUSTOMER = "Facebook does not name the customer of this thread."

COUNTS = frozenset({"message_count", "unread_count"})

# Plain strings, which are faster than enum members: a batch has thousands.
RECEIVED = InteractionEvent.Kind.MESSAGE_RECEIVED.value
SENT = InteractionEvent.Kind.MESSAGE_SENT.value
UNKNOWN = InteractionEvent.Kind.MESSAGE_UNKNOWN.value


class Extent(Enum):
    """How far back the messages of a record reach."""

    WHOLE = "to the first message of the thread"
    TRUNCATED = "to the oldest message that Facebook still shows"
    PARTIAL = "there are older messages, or the record came without its messages"


@dataclass
class ShownMessages:
    """What a record shows of the messages of its thread."""

    count: int = 0  # including unreadable ones
    oldest: datetime | None = None  # time of the first readable message
    newest: datetime | None = None  # time of the last one that is not in the future
    extent: Extent = Extent.WHOLE
    after: str | None = None  # the cursor of the older messages; None: begin with the newest


@dataclass
class ThreadRows:
    """The rows of one record, without primary keys and not yet combined with the stored rows."""

    thread: Thread
    conversation: Conversation | None  # None: the customer is unknown
    events: list[EventRow] = field(default_factory=list)  # oldest first; the loader removes the stored ones
    shown: ShownMessages = field(default_factory=ShownMessages)
    given: Collection[str] = COUNTS | {"can_reply"}  # the optional columns that the record has a value for
    oldest_stored: datetime | None = field(default=None, init=False)  # of the events that were removed
    cast: Cast = field(default_factory=lambda: Cast(None))
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
    cast = cast_of(record, page)
    events = to_events(messages.messages, page, since=record.updated_time, business_ids=cast.business_ids)
    sender = cast.customer or (records.Person(sender_id) if sender_id else None)
    unreadable = messages.unreadable + len(messages.messages) - len(events)
    return ThreadRows(
        _thread(
            record,
            page,
            platform,
            unreadable=unreadable,
            problem=record.problem or ("" if sender else NO_CUSTOMER),
            cast=cast,
        ),
        _conversation(record, sender, events, page, platform) if sender else None,
        events,
        _shown(record, events, unreadable, platform, now),
        _given(record, sender),
        cast=cast,
        listed_id=clean(sender.id) if sender else "",
    )


def _shown(
    record: records.Conversation, events: list[EventRow], unreadable: int, platform: str, now: datetime
) -> ShownMessages:
    shown = ShownMessages(
        len(events) + unreadable, events[0].occurred_at if events else None, newest_until(now, events)
    )
    if platform == Platform.INSTAGRAM and _is_truncated(record, len(events), unreadable):
        shown.extent = Extent.TRUNCATED
    elif record.messages is None or record.messages.after is not None:  # message_count is an estimate
        shown.extent = Extent.PARTIAL
        shown.after = (record.messages and record.messages.after) or None
    return shown


def _given(record: records.Conversation, sender: records.Person | None) -> set[str]:
    """Return the optional columns that the record has a value for."""
    given = {"sender_name"} if sender and clean(sender.name) else set()
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


def newest_until(now: datetime, events: Iterable[EventRow]) -> datetime | None:
    """Return the newest time of these events. Ignore times in the future: they would cover later messages."""
    return max((event.occurred_at for event in events if event.occurred_at <= now), default=None)


def _thread(
    record: records.Conversation, page: Page, platform: str, *, unreadable: int, problem: str, cast: Cast
) -> Thread:
    return Thread(
        page_id=page.pk,
        platform=platform,
        graph_id=clean(record.id),
        updated_time=record.updated_time,
        message_count=record.message_count or 0,
        unreadable_count=unreadable,
        state=Thread.State.UNREADABLE if problem else Thread.State.STORED,
        reason=clean(problem),
        record=clean_json(record.raw) if problem else None,
        people=cast.unclear or None,
    )


def to_events(
    messages: Sequence[records.Message],
    page: Page,
    *,
    since: datetime | None,
    business_ids: Collection[str] = (),
) -> list[EventRow]:
    """Convert messages (newest first) to events (oldest first).

    `since` is the time of leading messages that have none. Messages without any content, and those without a
    time, are left out: the caller counts them as unreadable. `business_ids`: those that the record shows.
    """
    business_ids = business_ids or page.business_ids
    since = since or next((message.created_time for message in messages if message.created_time), None)
    events = []
    for message in messages:
        # A message without a time gets that of the message before it: it is not newer than that.
        since = message.created_time or since
        if since is not None and not _has_only_id(message):
            events.append(_event(message, business_ids, since))
    return events[::-1]


def _has_only_id(message: records.Message) -> bool:
    return not (message.message or message.created_time or message.attachments or message.rest_json != "{}")


def _event(message: records.Message, business_ids: Collection[str], occurred_at: datetime) -> EventRow:
    return event_row(
        _kind(message, business_ids),
        clean(message.id),
        occurred_at,
        clean(message.message),
        as_json(message.attachments) if message.attachments else "[]",
        clean_json_text(message.rest_json),
        message.iso_time,
    )


def _kind(message: records.Message, business_ids: Collection[str]) -> str:
    if message.from_ is None:
        return UNKNOWN
    return SENT if message.from_.id in business_ids else RECEIVED


def _conversation(
    record: records.Conversation,
    sender: records.Person,
    events: list[EventRow],
    page: Page,
    platform: str,
) -> Conversation:
    newest = events[-1] if events else None
    conversation = Conversation(
        page_id=page.pk,
        sender_id=clean(sender.id),
        platform=platform,
        graph_id=clean(record.id),
        sender_name=clean(sender.name),
        last_message=(newest and newest.text) or clean(record.snippet),
        last_message_time=newest.occurred_at if newest else record.updated_time,
        last_message_kind=newest.kind if newest else "",
        message_count=record.message_count or 0,
        unread_count=record.unread_count or 0,
        can_reply=record.can_reply is not False,
    )
    conversation.search = search_text(conversation)
    return conversation


def search_text(conversation: Conversation) -> str:
    """Return what the search looks at: the name and the last message, folded by `text.fold()`."""
    return fold(f"{conversation.sender_name}\n{conversation.last_message}")
