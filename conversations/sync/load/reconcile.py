"""Combines a stored row with a newly received one. Values never move back in time, and none is lost.

The functions run no query and change none of the stored rows.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from conversations.models import Conversation, Platform, Thread
from conversations.sync.load.customer import GROUP
from conversations.sync.load.event_row import EventRow
from conversations.sync.load.states import read_state
from conversations.sync.load.transform import RECEIVED, Extent, ThreadRows, search_text
from conversations.sync.load.unsaved import unsaved_copy

Version = tuple[datetime, str]  # of a row: the time of the thread, and its ID for equal times
EARLIEST = datetime.min.replace(tzinfo=UTC)
NO_VERSION: Version = (EARLIEST, "")
DONE = Conversation.Status.DONE.value  # a plain string is faster than an enum member
HISTORY_PENDING = "Its older messages are not read yet."

# The columns that a sync writes, except the unique key.
CONVERSATION_FIELDS = [
    "platform",
    "graph_id",
    "sender_name",
    "last_message",
    "last_message_time",
    "last_message_kind",
    "message_count",
    "unread_count",
    "graph_unread_count",
    "can_reply",
    "conversation_status",
    "search",
    "told",
]
THREAD_FIELDS = [
    "platform",
    "conversation_id",
    "updated_time",
    "state",
    "reason",
    "message_count",
    "held_count",
    "unreadable_count",
    "history",
    "complete_until",
    "audited_count",
    "record",
    "people",
    "told",
]
# The columns that an answer may omit. Each keeps the value of the newest answer that has it, and `told`
# keeps the version of that answer, if it is not the version of the row.
OPTIONAL_CONVERSATION_FIELDS = ("sender_name", "message_count", "graph_unread_count", "can_reply")
# What users have set, which a sync reads: the states of a row in one batch have it, too.
FIELDS_OF_USERS = ("read_until", "snoozed_until")
OPTIONAL_THREAD_FIELDS = ("message_count",)


def version(thread: Thread | None) -> Version:
    """Return the key that orders the states of a sender's threads. Equal times have a fixed order, too."""
    return (thread.updated_time or EARLIEST, thread.graph_id) if thread else NO_VERSION


# -- conversations -----------------------------------------------------------------------------------------


def reconcile_conversation(
    current: Conversation | None, row: ThreadRows, *, current_thread: Thread | None
) -> Conversation | None:
    """Return the conversation as an unsaved row, or None if the record does not name the customer.

    `current_thread` is the stored row of the thread that `current` shows. `row.events` holds only events
    that are not stored yet. The result has no primary key: it is written through the unique key.
    """
    received, given = row.conversation, row.given
    if received is None:
        return None
    if current is None:
        received.told = {name: None for name in OPTIONAL_CONVERSATION_FIELDS if name not in given}
        return received
    versions = version(current_thread), version(row.thread)
    is_newer = versions[1] >= versions[0]
    first, second = (received, current) if is_newer else (current, received)
    state = unsaved_conversation(current)
    for name in CONVERSATION_FIELDS:
        setattr(state, name, getattr(first, name))
    _merge_optional_fields(
        state, current, received, OPTIONAL_CONVERSATION_FIELDS, versions=versions, given=given
    )
    state.unread_count = read_state.unread_count(
        current,
        state.graph_unread_count,
        before=_field_version(current, "graph_unread_count", versions[0]),
        version=versions[1] if "graph_unread_count" in given else None,
    )
    state.sender_name = state.sender_name or received.sender_name  # what Facebook shows instead of a name
    if row.shown.oldest is None and (versions[1] <= versions[0] or _may_be_unsent(current, received)):
        first = second = current  # it has only the snippet of a message that is stored, or taken back
    elif is_imported(current) and received.last_message_time:
        first = second = received
    state.last_message, state.last_message_time, state.last_message_kind = _last_message(first, second)
    state.conversation_status = _status(current, row.events)
    state.search = search_text(state)
    return state


def close_history(
    states: dict[str, Conversation], before: dict[str, Conversation], done_before: datetime
) -> None:
    """Set new conversations to done whose last message is older than that. Both mappings are by sender ID.

    What only an import has brought is as new as what is not stored. One that was inserted so, and has a
    thread that is newer, is open, as if that one had come first.
    """
    for sender, state in states.items():
        stored, is_old = before.get(sender), _is_older(state, done_before)
        if stored is None or (state is not stored and is_imported(stored)):
            if is_old:
                state.conversation_status = DONE
        elif not is_old and _is_older(stored, done_before):
            state.conversation_status = Conversation.Status.ACTIVE


def is_imported(stored: Conversation) -> bool:
    """Whether the time of its last message is that of an import, which does not know the message.

    `told` holds the imported time until a sync lists a thread of the person; a webhook sets another time.
    """
    if stored.graph_id or "last_message_time" not in stored.told:
        return False
    time, _ = stored.told["last_message_time"]
    return (datetime.fromisoformat(time) if time else None) == stored.last_message_time


def _is_older(conversation: Conversation, time: datetime) -> bool:
    last = conversation.last_message_time
    return last is not None and last < time


def unsaved_conversation(row: Conversation) -> Conversation:
    """Return a copy of what a sync writes of the row, without a primary key."""
    return Conversation(
        page_id=row.page_id,
        sender_id=row.sender_id,
        created_at=row.created_at,
        **{name: getattr(row, name) for name in (*CONVERSATION_FIELDS, *FIELDS_OF_USERS)},
    )


def _merge_optional_fields(
    state: Conversation | Thread,
    stored: Conversation | Thread,
    received: Conversation | Thread,
    names: Sequence[str],
    *,
    versions: tuple[Version, Version],
    given: Collection[str],
) -> None:
    """Set each of these columns to the value of the newest answer that has it, whichever came first.

    `versions` are those of `stored` and `received`; `given` are the columns that `received` has. Versions
    that differ from the row's own are kept in `told`.
    """
    state.told = {}
    for name in names:
        before = _field_version(stored, name, versions[0])
        is_newer = name in given and versions[1] >= before
        setattr(state, name, getattr(received if is_newer else stored, name))
        field_version = versions[1] if is_newer else before
        if field_version != max(versions):
            is_unknown = field_version == NO_VERSION
            state.told[name] = None if is_unknown else [field_version[0].isoformat(), field_version[1]]


def _field_version(stored: Conversation | Thread, name: str, row_version: Version) -> Version:
    if name not in stored.told:
        return row_version
    saved = stored.told[name]
    return (datetime.fromisoformat(saved[0]), saved[1]) if saved else NO_VERSION


def _last_message(first: Conversation, second: Conversation) -> tuple[str, datetime | None, str]:
    """Return the newer (text, time, kind). For equal times it is that of `first`, unless that has none."""
    is_same_time = _second(_time(first)) == _second(_time(second))  # lists show no milliseconds
    newer = first if is_same_time or _time(first) > _time(second) else second
    other = second if newer is first else first
    text = newer.last_message or (other.last_message if is_same_time else "")
    kind = newer.last_message_kind or (other.last_message_kind if is_same_time else "")
    times = (first.last_message_time, second.last_message_time)
    return text, max(filter(None, times), default=None), kind


def _may_be_unsent(current: Conversation, received: Conversation) -> bool:
    """Whether a snippet may be that of a message that its sender has taken back."""
    return current.unsent_at is not None and _second(_time(received)) <= _second(current.unsent_at)


def _second(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def _status(current: Conversation, new_events: list[EventRow]) -> str:
    """Return the status. A conversation that was done is active again after a new message of the customer."""
    has_new = has_new_message(current, new_events)
    return Conversation.Status.ACTIVE if has_new else current.conversation_status


def has_new_message(current: Conversation, new_events: list[EventRow]) -> bool:
    """Whether the customer has written since the newest message that is known."""
    return any(event.kind == RECEIVED and event.occurred_at >= _time(current) for event in new_events)


def _time(conversation: Conversation) -> datetime:
    return conversation.last_message_time or EARLIEST


# -- threads -----------------------------------------------------------------------------------------------
def reconcile_thread(
    stored: Thread | None,
    row: ThreadRows,
    *,
    conversation: Conversation | None,
    held: int,
    created: int,
    refused: int,
) -> Thread:
    """Return the thread as an unsaved row.

    `held`, `created` and `refused` count the messages of this record that were stored before, those that were
    inserted, and those that PostgreSQL rejected.
    """
    state = unsaved_copy(row.thread)
    if conversation is not None:
        state.conversation_id = conversation.pk
    elif stored is not None:
        state.conversation_id = stored.conversation_id
    state.unreadable_count += refused
    if stored is not None:
        _merge_stored(state, stored, row)
    elif "message_count" not in row.given:
        state.told = {"message_count": None}
    # More may be held than is known: a thread that was moved to another person has lost its count.
    state.held_count = max(state.held_count, held) + created
    if row.conversation is not None:  # otherwise none of its messages was stored
        _update_history(state, stored, row)
    return state


def reset_history(thread: Thread) -> Thread:
    """Return a copy of a stored thread without its conversation, as if no message were stored."""
    copy = unsaved_copy(thread)
    copy.conversation_id = copy.complete_until = copy.audited_count = None
    copy.held_count, copy.history = 0, Thread.History.PARTIAL
    return copy


def _merge_stored(state: Thread, stored: Thread, row: ThreadRows) -> None:
    _merge_optional_fields(
        state,
        stored,
        row.thread,
        OPTIONAL_THREAD_FIELDS,
        versions=(version(stored), version(row.thread)),
        given=row.given,
    )
    if version(stored) > version(state):
        state.updated_time = stored.updated_time
    if (state.state, state.reason, state.updated_time) == (stored.state, stored.reason, stored.updated_time):
        state.record = stored.record  # nothing else changed: links in the record differ in every answer
    state.people = _people(stored, row)
    if row.shown.extent is not Extent.WHOLE:  # else the record shows all messages of the thread
        state.unreadable_count = max(state.unreadable_count, stored.unreadable_count)
    for name in ("held_count", "history", "complete_until", "audited_count"):
        setattr(state, name, getattr(stored, name))
    if row.was_misread and row.shown.extent is Extent.PARTIAL:  # the order of its older messages is wrong too
        state.complete_until, state.history = None, Thread.History.PARTIAL


def _people(stored: Thread, row: ThreadRows) -> dict | None:
    """Return the people of the newest state. A group stays one: those who have left it are no customers."""
    is_newer = version(row.thread) >= version(stored)
    newer, older = (row.thread, stored) if is_newer else (stored, row.thread)
    return older.people if _is_group(older) and not _is_group(newer) else newer.people


def _is_group(thread: Thread) -> bool:
    return any(role == GROUP for role, _ in (thread.people or {}).values())


def _update_history(state: Thread, stored: Thread | None, row: ThreadRows) -> None:
    """Set whether the stored messages reach without a gap from the newest message to the beginning."""
    is_whole = row.shown.extent is Extent.WHOLE
    if is_whole and "message_count" in row.given and version(row.thread) >= version(stored):
        state.audited_count = row.thread.message_count
    if is_contiguous(stored, row):
        was_truncated = stored is not None and stored.history == Thread.History.TRUNCATED
        is_truncated = was_truncated or (not is_whole and has_hidden_messages(state))
        state.history = Thread.History.TRUNCATED if is_truncated else Thread.History.COMPLETE
    elif row.shown.extent is Extent.TRUNCATED:
        state.history = Thread.History.TRUNCATED
    elif row.shown.extent is Extent.CAPPED:
        state.history = Thread.History.PARTIAL  # an audit reads the whole thread
        return
    else:
        if state.state == Thread.State.STORED:
            _set_history_pending(state, stored, has_new=bool(row.events))
        return
    state.complete_until = max(filter(None, [state.complete_until, row.shown.newest]), default=None)


def has_hidden_messages(state: Thread) -> bool:
    """Whether Instagram counts more messages than are stored, although all that it shows were read."""
    return state.platform == Platform.INSTAGRAM and state.message_count > state.held_count


def is_contiguous(stored: Thread | None, row: ThreadRows) -> bool:
    """Whether the received and the stored messages have no gap down to the oldest readable message."""
    if row.shown.extent is Extent.WHOLE:
        return True
    if stored is None or row.was_misread:
        return False
    border = stored.complete_until
    if stored.history != Thread.History.PARTIAL:
        if not row.events and version(row.thread) <= version(stored):
            return True  # no new messages
        # A received message is stored already. That proves nothing if the history had a gap: the message may
        # be on the other side of it, in the same second as `border`.
        if row.oldest_stored is not None and border is not None and row.oldest_stored <= border:
            return True
    # Strictly older: several messages may have the same second as `border`.
    oldest = row.shown.oldest
    return oldest is not None and border is not None and oldest < border


def _set_history_pending(state: Thread, stored: Thread | None, *, has_new: bool) -> None:
    """Mark the thread as pending. One that is unreadable stays so until it changes."""
    state.history = Thread.History.PARTIAL
    if (
        stored is not None
        and stored.state == Thread.State.UNREADABLE
        and stored.updated_time == state.updated_time
        and not has_new
    ):
        state.state, state.reason, state.record = stored.state, stored.reason, stored.record
    else:
        state.state, state.reason = Thread.State.OWED, HISTORY_PENDING


def differs(state: Conversation | Thread, stored: Conversation | Thread | None) -> bool:
    """Whether a column that a sync writes differs."""
    names = CONVERSATION_FIELDS if isinstance(state, Conversation) else THREAD_FIELDS
    return stored is None or any(getattr(state, name) != getattr(stored, name) for name in names)
