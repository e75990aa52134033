"""What a row becomes when Facebook shows it again: never back in time, nothing known is lost. Pure."""

from datetime import UTC, datetime

from conversations.models import Conversation, InteractionEvent, Thread
from conversations.sync.transform import ThreadRows, search_text

LONG_AGO = datetime.min.replace(tzinfo=UTC)
HISTORY_OWED = "Its older messages are still to be read."

# The columns that a sync writes, the unique key apart.
CONVERSATION_FIELDS = [
    "platform",
    "graph_id",
    "sender_name",
    "last_message",
    "last_message_time",
    "message_count",
    "unread_count",
    "can_reply",
    "conversation_status",
    "search",
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
    "record",
]


def age(thread: Thread | None) -> tuple[datetime, str]:
    """Sorts threads of one sender by the time of their state; ties are decided the same way every time."""
    return (thread.updated_time or LONG_AGO, thread.graph_id) if thread else (LONG_AGO, "")


def next_conversation(
    current: Conversation | None, row: ThreadRows, *, current_thread: Thread | None
) -> Conversation | None:
    """The conversation after this record; `current_thread` is the ledger's row of what it showed so far.

    `row.events` are those that we did not hold. The result is an unsaved row: it is written through the
    unique key, not the primary one.
    """
    if row.conversation is None or current is None:
        return row.conversation
    is_newer = age(row.thread) >= age(current_thread)
    first, second = (row.conversation, current) if is_newer else (current, row.conversation)
    state = Conversation(
        page_id=current.page_id,
        sender_id=current.sender_id,
        created_at=current.created_at,
        **{name: getattr(first, name) for name in CONVERSATION_FIELDS},
    )
    state.sender_name = first.sender_name or second.sender_name
    if is_newer:
        _keep_unknown(state, current, row)
    if row.oldest is None and age(row.thread) <= age(current_thread):  # a snippet of what we hold whole
        first = second = current
    state.last_message, state.last_message_time = _last_message(first, second)
    state.conversation_status = _status(current, row.events)
    state.search = search_text(state)
    return state


def _keep_unknown(state: Conversation, current: Conversation, row: ThreadRows) -> None:
    if not row.unread_known:
        state.unread_count, state.message_count = current.unread_count, current.message_count
    if not row.reply_known:
        state.can_reply = current.can_reply


def _last_message(first: Conversation, second: Conversation) -> tuple[str, datetime | None]:
    """The newer text; `first` says it where both are as new, unless it shows none."""
    shown = first if _time(first) >= _time(second) else second
    other = second if shown is first else first
    same = _time(first) == _time(second)
    return shown.last_message or (other.last_message if same else ""), shown.last_message_time


def _status(current: Conversation, new_events: list[InteractionEvent]) -> str:
    """A conversation that staff had done with is active again when the customer writes."""
    wrote = any(
        event.kind == InteractionEvent.Kind.MESSAGE_RECEIVED and event.occurred_at >= _time(current)
        for event in new_events
    )
    return Conversation.Status.ACTIVE if wrote else current.conversation_status


def _time(conversation: Conversation) -> datetime:
    return conversation.last_message_time or LONG_AGO


def next_thread(
    stored: Thread | None, row: ThreadRows, *, conversation: Conversation | None, created: int, refused: int
) -> Thread:
    """The ledger's row after this record: it brought so many new messages, and PostgreSQL refused so many."""
    seen = row.thread
    state = Thread(
        page_id=seen.page_id,
        graph_id=seen.graph_id,
        conversation_id=conversation.pk if conversation else (stored.conversation_id if stored else None),
        **{name: getattr(seen, name) for name in THREAD_FIELDS if name != "conversation_id"},
    )
    state.unreadable_count += refused
    if stored is not None:
        _keep_stored(state, stored, row)
    state.held_count += created
    if row.conversation is None:
        pass  # none of its messages was stored: what we hold of it reaches no further than before
    elif is_contiguous(stored, row):
        state.history = Thread.History.COMPLETE
        state.complete_until = max(filter(None, [state.complete_until, row.newest]), default=None)
    elif state.state == Thread.State.STORED:
        _owe_history(state, stored, has_new=bool(row.events))
    return state


def _keep_stored(state: Thread, stored: Thread, row: ThreadRows) -> None:
    if age(stored) > age(state):
        state.updated_time, state.message_count = stored.updated_time, stored.message_count
    if not row.unread_known:
        state.message_count = stored.message_count
    if (state.state, state.reason, state.updated_time) == (stored.state, stored.reason, stored.updated_time):
        state.record = stored.record  # links in it change with every answer
    state.unreadable_count = max(state.unreadable_count, stored.unreadable_count)
    for name in ("held_count", "history", "complete_until"):
        setattr(state, name, getattr(stored, name))


def is_contiguous(stored: Thread | None, row: ThreadRows) -> bool:
    """Whether these messages and those that we hold leave no gap down to the first of the thread."""
    if row.is_whole:
        return True
    if stored is None:
        return False
    if stored.history == Thread.History.COMPLETE and not row.events and age(row.thread) <= age(stored):
        return True  # nothing was written since
    # Older than the border, not as old: several messages may share its second.
    border = stored.complete_until
    return row.oldest is not None and border is not None and row.oldest < border


def _owe_history(state: Thread, stored: Thread | None, *, has_new: bool) -> None:
    """The rest is to be read; what was unreadable for good is not asked again before it changes."""
    state.history = Thread.History.PARTIAL
    if (
        stored is not None
        and stored.state == Thread.State.UNREADABLE
        and stored.updated_time == state.updated_time
        and not has_new
    ):
        state.state, state.reason, state.record = stored.state, stored.reason, stored.record
    else:
        state.state, state.reason = Thread.State.OWED, HISTORY_OWED


def differs(state: Conversation | Thread, stored: Conversation | Thread | None) -> bool:
    names = CONVERSATION_FIELDS if isinstance(state, Conversation) else THREAD_FIELDS
    return stored is None or any(getattr(state, name) != getattr(stored, name) for name in names)
