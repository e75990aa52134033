"""What a row becomes when Facebook shows it again: never back in time, nothing known is lost. Pure."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from conversations.models import Conversation, Platform, Thread
from conversations.sync.events import EventRow
from conversations.sync.transform import RECEIVED, ThreadRows, search_text

Age = tuple[datetime, str]  # of a state: its time and its thread, which decides between equal times
LONG_AGO = datetime.min.replace(tzinfo=UTC)
NEVER: Age = (LONG_AGO, "")
HISTORY_OWED = "Its older messages are still to be read."

# The columns that a sync writes, the unique key apart.
CONVERSATION_FIELDS = [
    "platform",
    "graph_id",
    "sender_name",
    "last_message",
    "last_message_time",
    "last_message_kind",
    "message_count",
    "unread_count",
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
    "told",
]
# The columns that a state of a thread may leave open: each is as new as the newest state that tells it.
CONVERSATION_MAY_LACK = ("sender_name", "message_count", "unread_count", "can_reply")
THREAD_MAY_LACK = ("message_count",)


def age(thread: Thread | None) -> Age:
    """Sorts threads of one sender by the time of their state; ties are decided the same way every time."""
    return (thread.updated_time or LONG_AGO, thread.graph_id) if thread else NEVER


# -- conversations -----------------------------------------------------------------------------------------


def next_conversation(
    current: Conversation | None, row: ThreadRows, *, current_thread: Thread | None
) -> Conversation | None:
    """The conversation after this record; `current_thread` is the ledger's row of what it showed so far.

    `row.events` are those that we did not hold. The result is an unsaved row: it is written through the
    unique key, not the primary one.
    """
    seen, tells = row.conversation, _tells(row)
    if seen is None:
        return None
    if current is None:
        seen.told = {name: None for name in CONVERSATION_MAY_LACK if name not in tells}
        return seen
    ages = age(current_thread), age(row.thread)
    is_newer = ages[1] >= ages[0]
    first, second = (seen, current) if is_newer else (current, seen)
    state = Conversation(
        page_id=current.page_id,
        sender_id=current.sender_id,
        created_at=current.created_at,
        **{name: getattr(first, name) for name in CONVERSATION_FIELDS},
    )
    _take_what_is_told(state, current, seen, CONVERSATION_MAY_LACK, ages=ages, tells=tells)
    if row.oldest is None and ages[1] <= ages[0]:  # a snippet of what we hold whole
        first = second = current
    state.last_message, state.last_message_time, state.last_message_kind = _last_message(first, second)
    state.conversation_status = _status(current, row.events)
    state.search = search_text(state)
    return state


def _tells(row: ThreadRows) -> set[str]:
    """Which of the columns that may be left open this record fills."""
    tells = set()
    if row.conversation and row.conversation.sender_name:
        tells.add("sender_name")
    if row.unread_known:
        tells |= {"message_count", "unread_count"}
    if row.reply_known:
        tells.add("can_reply")
    return tells


def _take_what_is_told(
    state: Conversation | Thread,
    stored: Conversation | Thread,
    seen: Conversation | Thread,
    names: Sequence[str],
    *,
    ages: tuple[Age, Age],
    tells: Collection[str],
) -> None:
    """Each of these columns from the newest state that tells it, whoever came first.

    `ages`: of what is stored and of what is seen. `told` keeps the ages that differ from the row's own.
    """
    state.told = {}
    for name in names:
        before = _told_at(stored, name, ages[0])
        takes_seen = name in tells and ages[1] >= before
        setattr(state, name, getattr(seen if takes_seen else stored, name))
        told_at = ages[1] if takes_seen else before
        if told_at != max(ages):
            state.told[name] = None if told_at == NEVER else [told_at[0].isoformat(), told_at[1]]


def _told_at(stored: Conversation | Thread, name: str, own: Age) -> Age:
    if name not in stored.told:
        return own
    told = stored.told[name]
    return (datetime.fromisoformat(told[0]), told[1]) if told else NEVER


def _last_message(first: Conversation, second: Conversation) -> tuple[str, datetime | None, str]:
    """The newer text, with its time and kind; `first` says it where both are as new, unless it shows none."""
    shown = first if _time(first) >= _time(second) else second
    other = second if shown is first else first
    same = _time(first) == _time(second)
    text = shown.last_message or (other.last_message if same else "")
    kind = shown.last_message_kind or (other.last_message_kind if same else "")
    return text, shown.last_message_time, kind


def _status(current: Conversation, new_events: list[EventRow]) -> str:
    """A conversation that staff had done with is active again when the customer writes."""
    wrote = any(event.kind == RECEIVED and event.occurred_at >= _time(current) for event in new_events)
    return Conversation.Status.ACTIVE if wrote else current.conversation_status


def _time(conversation: Conversation) -> datetime:
    return conversation.last_message_time or LONG_AGO


# -- threads -----------------------------------------------------------------------------------------------
def next_thread(
    stored: Thread | None, row: ThreadRows, *, conversation: Conversation | None, created: int, refused: int
) -> Thread:
    """The ledger's row after this record: it brought so many new messages, and PostgreSQL refused so many."""
    state = copy_of(row.thread)
    if conversation is not None:
        state.conversation_id = conversation.pk
    elif stored is not None:
        state.conversation_id = stored.conversation_id
    state.unreadable_count += refused
    if stored is not None:
        _keep_stored(state, stored, row)
    elif not row.unread_known:
        state.told = {"message_count": None}
    state.held_count += created
    if row.conversation is not None:  # else none of its messages was stored: what we hold reaches no further
        _take_history(state, stored, row)
    return state


def copy_of(thread: Thread) -> Thread:
    """The same as an unsaved row."""
    copy = Thread(*[getattr(thread, field.attname) for field in Thread._meta.concrete_fields])
    copy.pk = None
    return copy


def _keep_stored(state: Thread, stored: Thread, row: ThreadRows) -> None:
    _take_what_is_told(
        state, stored, row.thread, THREAD_MAY_LACK, ages=(age(stored), age(row.thread)), tells=_tells(row)
    )
    if age(stored) > age(state):
        state.updated_time = stored.updated_time
    if (state.state, state.reason, state.updated_time) == (stored.state, stored.reason, stored.updated_time):
        state.record = stored.record  # links in it change with every answer
    state.unreadable_count = max(state.unreadable_count, stored.unreadable_count)
    for name in ("held_count", "history", "complete_until", "audited_count"):
        setattr(state, name, getattr(stored, name))


def _take_history(state: Thread, stored: Thread | None, row: ThreadRows) -> None:
    """What we hold of it now reaches from its newest message down to its beginning, or it does not."""
    if row.is_whole and row.unread_known and age(row.thread) >= age(stored):
        state.audited_count = row.thread.message_count
    if is_contiguous(stored, row):
        was_truncated = stored is not None and stored.history == Thread.History.TRUNCATED
        is_truncated = was_truncated or (not row.is_whole and _hides_some(state))
        state.history = Thread.History.TRUNCATED if is_truncated else Thread.History.COMPLETE
    elif row.is_truncated:
        state.history = Thread.History.TRUNCATED
    else:
        if state.state == Thread.State.STORED:
            _owe_history(state, stored, has_new=bool(row.events))
        return
    state.complete_until = max(filter(None, [state.complete_until, row.newest]), default=None)


def _hides_some(state: Thread) -> bool:
    """Whether Instagram counts more than we hold: while a gap was open, nobody knew what lay beyond it."""
    return state.platform == Platform.INSTAGRAM and state.message_count > state.held_count


def is_contiguous(stored: Thread | None, row: ThreadRows) -> bool:
    """Whether these messages and those that we hold leave no gap down to the first that can be read."""
    if row.is_whole:
        return True
    if stored is None:
        return False
    border = stored.complete_until
    if stored.history != Thread.History.PARTIAL:
        if not row.events and age(row.thread) <= age(stored):
            return True  # nothing was written since
        # One that we hold. Not where there was a gap before: it might lie beyond it, in the border's second.
        if row.oldest_held is not None and border is not None and row.oldest_held <= border:
            return True
    # Older than the border, not as old: several messages may share its second.
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
