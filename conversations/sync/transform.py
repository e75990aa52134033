"""Graph's records become unsaved rows. Here Graph's words end and ours begin; nothing is asked of anyone."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from conversations.graph import records
from conversations.models import Conversation, InteractionEvent, Page, Platform, Thread
from conversations.sync.events import EventRow, event_row
from conversations.text import as_json, clean, clean_json, clean_json_text, fold

NO_CUSTOMER = "Facebook names nobody but the Page in it."
# Messages of a thread that Graph shows, the newest: Messenger Platform, Conversations API.
INSTAGRAM_WINDOW = 20

# As plain text: there are thousands in a batch.
RECEIVED = InteractionEvent.Kind.MESSAGE_RECEIVED.value
SENT = InteractionEvent.Kind.MESSAGE_SENT.value
UNKNOWN = InteractionEvent.Kind.MESSAGE_UNKNOWN.value


@dataclass
class ThreadRows:
    """What one record becomes. The rows lack what only the database knows: keys, and the state before."""

    thread: Thread
    conversation: Conversation | None  # None: its sender cannot be told
    events: list[EventRow] = field(default_factory=list)  # oldest first
    oldest: datetime | None = None  # time of the first of these events
    newest: datetime | None = None  # and of the last, but for those in the future
    oldest_held: datetime | None = None  # of those that we held before, which the loader takes out
    shown: int = 0  # messages that came, with those that nobody can read
    is_whole: bool = True  # False: there are older messages, or none were shown of those there are
    is_truncated: bool = False  # there are older messages, but nobody can read them any more
    after: str | None = None  # the cursor of the older ones; None: from the newest on
    unread_known: bool = True
    reply_known: bool = True

    @property
    def sender_id(self) -> str:
        return self.conversation.sender_id if self.conversation else ""


def to_rows(
    record: records.Conversation, page: Page, platform: str, *, now: datetime, sender_id: str = ""
) -> ThreadRows:
    """The rows of one conversation as Graph shows it now. `sender_id`: who it is with, if that is known."""
    messages = record.messages or records.MessageBatch()
    events = to_events(messages.messages, page, since=record.updated_time)
    sender = _sender(record, messages, page.business_ids) or (
        records.Person(sender_id) if sender_id else None
    )
    unreadable = messages.unreadable + len(messages.messages) - len(events)
    is_truncated = platform == Platform.INSTAGRAM and _is_truncated(record, len(events), unreadable)
    return ThreadRows(
        _thread(
            record,
            page,
            platform,
            unreadable=unreadable,
            problem=record.problem or ("" if sender else NO_CUSTOMER),
        ),
        _conversation(record, sender, events, page, platform) if sender else None,
        events,
        oldest=events[0].occurred_at if events else None,
        newest=newest_until(now, events),
        shown=len(events) + unreadable,
        # Not by message_count, which is an estimate.
        is_whole=record.messages is not None and messages.after is None and not is_truncated,
        is_truncated=is_truncated,
        after=None if is_truncated else messages.after or None,
        # Left out means 0 where the neighbouring fields came, and unknown where they were refused too.
        unread_known=record.unread_count is not None or record.message_count is not None,
        reply_known=record.can_reply is not None,
    )


def _is_truncated(record: records.Conversation, readable: int, unreadable: int) -> bool:
    """Whether Instagram shows all that it still shows of a longer thread.

    What it does with the older messages is nowhere documented: they may come as bare ids, be left out, or
    wait behind a cursor.
    """
    shown = readable + unreadable
    goes_on = record.messages is not None and record.messages.after is not None
    return shown >= INSTAGRAM_WINDOW and (
        goes_on or shown > max(readable, INSTAGRAM_WINDOW) or (record.message_count or 0) > shown
    )


def newest_until(now: datetime, events: Iterable[EventRow]) -> datetime | None:
    """Up to when these reach. One in the future would seem to reach over all that is yet to come."""
    return max((event.occurred_at for event in events if event.occurred_at <= now), default=None)


def _thread(
    record: records.Conversation, page: Page, platform: str, *, unreadable: int, problem: str
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
    )


def to_events(messages: Sequence[records.Message], page: Page, *, since: datetime | None) -> list[EventRow]:
    """Messages (newest first) as events, oldest first. `since`: a time for those that lead without one.

    Left out, for the caller to count as unreadable: what has nothing but an id, and what has no time.
    """
    since = since or next((message.created_time for message in messages if message.created_time), None)
    business_ids = page.business_ids
    events = []
    for message in messages:
        # The order says what the message does not: it is not newer than the one before it.
        since = message.created_time or since
        if since is not None and not _is_bare(message):
            events.append(_event(message, business_ids, since))
    return events[::-1]


def _is_bare(message: records.Message) -> bool:
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


def _sender(
    record: records.Conversation, messages: records.MessageBatch, business_ids: Collection[str]
) -> records.Person | None:
    """The customer: whoever is not the business, with the first name that is told for them."""
    writers = (message.from_ for message in messages.messages if message.from_)
    readers = (person for message in messages.messages for person in message.to)
    everybody = chain(record.participants, record.senders, writers, readers)
    first = next((person for person in everybody if person.id not in business_ids), None)
    if first is None or first.name:
        return first
    names = (person.name for person in everybody if person.id == first.id and person.name)
    return records.Person(first.id, next(names, ""))


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
    """What a search looks at: the name and the last message, folded."""
    return fold(f"{conversation.sender_name}\n{conversation.last_message}")
