"""Graph's records become unsaved rows. Here Graph's words end and ours begin; nothing is asked of anyone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conversations.graph import records
from conversations.models import Conversation, InteractionEvent, Page, Thread
from conversations.text import clean, clean_json, fold

NO_CUSTOMER = "Facebook names nobody but the Page in it."


@dataclass
class ThreadRows:
    """What one record becomes. The rows lack what only the database knows: keys, and the state before."""

    thread: Thread
    conversation: Conversation | None  # None: its sender cannot be told
    events: list[InteractionEvent] = field(default_factory=list)  # oldest first
    oldest: datetime | None = None  # time of the first of these events
    newest: datetime | None = None  # and of the last, but for those in the future
    is_whole: bool = True  # False: there are older messages, or none were shown of those there are
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
    sender = _sender(record, messages, page) or (records.Person(sender_id) if sender_id else None)
    return ThreadRows(
        _thread(
            record,
            page,
            platform,
            unreadable=messages.unreadable + len(messages.messages) - len(events),
            problem=record.problem or ("" if sender else NO_CUSTOMER),
        ),
        _conversation(record, sender, events, page, platform) if sender else None,
        events,
        oldest=events[0].occurred_at if events else None,
        newest=newest_until(now, events),
        # Not by message_count, which is an estimate.
        is_whole=record.messages is not None and messages.after is None,
        after=messages.after or None,
        # Left out means 0 where the neighbouring fields came, and unknown where they were refused too.
        unread_known=record.unread_count is not None or record.message_count is not None,
        reply_known=record.can_reply is not None,
    )


def newest_until(now: datetime, events: Iterable[InteractionEvent]) -> datetime | None:
    """Up to when these reach. One in the future would seem to reach over all that is yet to come."""
    return max((event.occurred_at for event in events if event.occurred_at <= now), default=None)


def _thread(
    record: records.Conversation, page: Page, platform: str, *, unreadable: int, problem: str
) -> Thread:
    return Thread(
        page=page,
        platform=platform,
        graph_id=clean(record.id),
        updated_time=record.updated_time,
        message_count=record.message_count or 0,
        unreadable_count=unreadable,
        state=Thread.State.UNREADABLE if problem else Thread.State.STORED,
        reason=clean(problem),
        record=clean_json(record.raw) if problem else None,
    )


def to_events(
    messages: Sequence[records.Message], page: Page, *, since: datetime | None
) -> list[InteractionEvent]:
    """Messages (newest first) as events, oldest first. `since`: a time for those that lead without one."""
    since = since or next((message.created_time for message in messages if message.created_time), None)
    events = []
    for message in messages:
        # The order says what the message does not: it is not newer than the one before it.
        since = message.created_time or since
        if since is not None:
            events.append(_event(message, page, since))
    return events[::-1]


def _event(message: records.Message, page: Page, occurred_at: datetime) -> InteractionEvent:
    return InteractionEvent(
        kind=_kind(message, page),
        graph_id=clean(message.id),
        occurred_at=occurred_at,
        text=clean(message.message),
        attachments=clean_json(message.attachments),
        data=clean_json(message.rest),
    )


def _kind(message: records.Message, page: Page) -> str:
    if message.from_ is None:
        return InteractionEvent.Kind.MESSAGE_UNKNOWN
    sent = message.from_.id in page.business_ids
    return InteractionEvent.Kind.MESSAGE_SENT if sent else InteractionEvent.Kind.MESSAGE_RECEIVED


def _sender(
    record: records.Conversation, messages: records.MessageBatch, page: Page
) -> records.Person | None:
    """The customer: whoever is not the business, with the first name that is told for them."""
    writers = (message.from_ for message in messages.messages if message.from_)
    readers = (person for message in messages.messages for person in message.to)
    business_ids = page.business_ids
    people = [
        person
        for person in (*record.participants, *record.senders, *writers, *readers)
        if person.id not in business_ids
    ]
    if not people:
        return None
    names = (person.name for person in people if person.id == people[0].id and person.name)
    return records.Person(people[0].id, next(names, ""))


def _conversation(
    record: records.Conversation,
    sender: records.Person,
    events: list[InteractionEvent],
    page: Page,
    platform: str,
) -> Conversation:
    newest = events[-1] if events else None
    conversation = Conversation(
        page=page,
        sender_id=clean(sender.id),
        platform=platform,
        graph_id=clean(record.id),
        sender_name=clean(sender.name),
        last_message=(newest and newest.text) or clean(record.snippet),
        last_message_time=newest.occurred_at if newest else record.updated_time,
        message_count=record.message_count or 0,
        unread_count=record.unread_count or 0,
        can_reply=record.can_reply is not False,
    )
    conversation.search = search_text(conversation)
    return conversation


def search_text(conversation: Conversation) -> str:
    """What a search looks at: the name and the last message, folded."""
    return fold(f"{conversation.sender_name}\n{conversation.last_message}")
