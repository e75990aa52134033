"""The only bulk writes. Everything here runs inside the caller's transaction and its locks.lock_rows().

What is there is read first, so that only what is new or newer is written: counts are exact, nothing moves
back in time, and what did not change costs no write.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import OuterRef, Subquery
from django.utils import timezone

from conversations.models import Conversation, ConversationTag, Page, Thread
from conversations.sync.copying import (
    OwnedEvent,
    OwnedEvents,
    copy_events,
    held_messages,
    insert_events,
    is_about_a_value,
)
from conversations.sync.history import (
    begin_readings,
    close_history,
    leave_history,
    save_messages,
    show_newest,
)
from conversations.sync.merge import age, copy_of, differs, next_conversation, next_thread
from conversations.sync.stored import stored_conversations, stored_threads
from conversations.sync.transform import ThreadRows
from conversations.sync.writing import write_conversations, write_threads

__all__ = [
    "Outcome",
    "begin_readings",
    "close_history",
    "is_about_a_value",
    "leave_history",
    "save_batch",
    "save_messages",
    "show_newest",
]


@dataclass
class Outcome:
    """What became of one listed thread: inserted, updated, unchanged or skipped."""

    thread: Thread
    result: str
    events_created: int = 0
    after: str | None = None  # where its older messages begin
    newest: datetime | None = None  # of the messages that were shown
    shown: int = 0  # so many of them
    needs_audit: bool = False  # Facebook counts more messages than we have seen: to be read from end to end

    @property
    def needs_history(self) -> bool:
        return self.thread.state == Thread.State.OWED

    def add(self, earlier: "Outcome") -> None:
        """What became of it by an older state of it in the same answer."""
        self.events_created += earlier.events_created
        order = ["skipped", "unchanged", "updated", "inserted"]
        if self.result != "skipped":
            self.result = max(self.result, earlier.result, key=order.index)


@dataclass
class Known:
    """What the tables hold of a batch's threads and senders; what is written is put in."""

    is_keyed: bool  # whether the tables have their unique keys
    conversations: dict[str, Conversation] = field(default_factory=dict)  # by sender_id
    threads: dict[str, Thread] = field(default_factory=dict)  # by graph_id, all threads of those senders
    # Without the key: by the primary key of a conversation, those of all rows of its sender.
    twins: dict[int, list[int]] = field(default_factory=dict)


def save_batch(
    page: Page,
    rows: Iterable[ThreadRows],
    *,
    is_keyed: bool = True,
    is_audit: bool = False,
    carefully: bool = True,
) -> list[Outcome]:
    """Stores what one answer lists; one outcome for each thread, in the order listed.

    `is_keyed`: False where takeover.missing_keys() found any. `is_audit`: outcomes say `needs_audit`.
    `carefully`: messages that are refused, or were stored meanwhile, cost only themselves; else they raise.
    """
    outcomes: dict[str, Outcome] = {}
    for batch in _once_each(rows):
        for outcome in _save_once_each(page, batch, is_keyed=is_keyed, carefully=carefully):
            graph_id = outcome.thread.graph_id
            if graph_id in outcomes:
                outcome.add(outcomes[graph_id])
            outcome.needs_audit = is_audit and _misses_messages(outcome.thread)
            outcomes[graph_id] = outcome
    return list(outcomes.values())


def _misses_messages(thread: Thread) -> bool:
    """Whether Facebook counts more than there was to read, and did not so at the last reading of it all."""
    return (
        thread.history == Thread.History.COMPLETE
        and thread.state in (Thread.State.STORED, Thread.State.MERGED)
        and thread.message_count > thread.held_count + thread.unreadable_count
        and thread.message_count != thread.audited_count
    )


def _once_each(rows: Iterable[ThreadRows]) -> list[list[ThreadRows]]:
    """Batches in which no thread comes twice, as it may in a list that moves; its older states first."""
    states: dict[str, list[ThreadRows]] = {}
    for row in rows:
        states.setdefault(row.thread.graph_id, []).append(row)
    for of_one in states.values():
        of_one.sort(key=lambda row: age(row.thread))
    most = max(map(len, states.values()), default=0)
    return [[of_one[n] for of_one in states.values() if n < len(of_one)] for n in range(most)]


def _save_once_each(page: Page, batch: list[ThreadRows], *, is_keyed: bool, carefully: bool) -> list[Outcome]:
    known = _read_known(page, batch, is_keyed=is_keyed)
    _drop_known_events(batch, known)
    old_senders = set(known.conversations)
    changed_senders = upsert_conversations(batch, known)
    created, refused = _insert_batch(batch, known, carefully=carefully)
    changed_threads = upsert_threads(batch, known, created, refused)
    outcomes = []
    for row in batch:
        thread = known.threads[row.thread.graph_id]
        touched = row.sender_id in changed_senders or thread.graph_id in changed_threads
        result = _result(thread, is_new=row.sender_id not in old_senders, touched=touched)
        old_senders.add(row.sender_id)
        outcomes.append(Outcome(thread, result, created[thread.graph_id], row.after, row.newest, row.shown))
    return outcomes


def _result(thread: Thread, *, is_new: bool, touched: bool) -> str:
    if thread.state == Thread.State.UNREADABLE:
        return "skipped"
    if is_new:
        return "inserted"
    return "updated" if touched else "unchanged"


# -- what is there -----------------------------------------------------------------------------------------
def _read_known(page: Page, batch: list[ThreadRows], *, is_keyed: bool) -> Known:
    senders = {row.sender_id for row in batch} - {""}
    known = Known(is_keyed)
    # Where there are several rows for one, the oldest is the one that is written.
    for row in stored_conversations(page.pk, senders):
        first = known.conversations.setdefault(row.sender_id, row)
        known.twins.setdefault(first.pk, []).append(row.pk)
    theirs = [pk for twins in known.twins.values() for pk in twins]
    for thread in stored_threads(page.pk, [row.thread.graph_id for row in batch], theirs):
        known.threads.setdefault(thread.graph_id, thread)
    return known


def _drop_known_events(batch: list[ThreadRows], known: Known) -> None:
    """Leaves in each row the events that we do not hold."""
    owned = [
        (row, known.twins[known.conversations[row.sender_id].pk])
        for row in batch
        if row.sender_id in known.conversations
    ]
    held = held_messages((pk, event.graph_id) for row, twins in owned for pk in twins for event in row.events)
    for row, twins in owned:
        is_held = {
            event.graph_id for event in row.events if any((pk, event.graph_id) in held for pk in twins)
        }
        row.oldest_held = next((event.occurred_at for event in row.events if event.graph_id in is_held), None)
        row.events = [event for event in row.events if event.graph_id not in is_held]


# -- conversations -----------------------------------------------------------------------------------------
def upsert_conversations(batch: list[ThreadRows], known: Known) -> set[str]:
    """Writes what is new or newer; returns the senders whose conversation changed."""
    before, shown = known.conversations, dict(known.threads)
    states = dict(before)
    for row in sorted(batch, key=lambda row: age(row.thread)):
        current = states.get(row.sender_id)
        state = next_conversation(
            current, row, current_thread=shown.get(current.graph_id) if current else None
        )
        if state is not None:
            states[row.sender_id] = state
            shown[row.thread.graph_id] = max(row.thread, shown.get(row.thread.graph_id, row.thread), key=age)
    changed = {sender: state for sender, state in states.items() if differs(state, before.get(sender))}
    now = timezone.now()
    for state in changed.values():
        state.updated_at = now
    write_conversations(changed, before, is_keyed=known.is_keyed)
    _move_tag_rows([sender for sender in changed if sender in before], before, changed)
    known.conversations = before | changed
    return set(changed)


def _move_tag_rows(
    senders: list[str], before: dict[str, Conversation], changed: dict[str, Conversation]
) -> None:
    """Keeps the copies of last_message_time in step."""
    moved = [
        before[sender].pk
        for sender in senders
        if before[sender].last_message_time != changed[sender].last_message_time
    ]
    if moved:
        times = Conversation.objects.filter(pk=OuterRef("conversation_id")).values("last_message_time")
        ConversationTag.objects.filter(conversation_id__in=moved).update(last_message_time=Subquery(times))


# -- events ------------------------------------------------------------------------------------------------
def _insert_batch(
    batch: list[ThreadRows], known: Known, *, carefully: bool
) -> tuple[Counter[str], Counter[str]]:
    """Inserts the events of all rows; returns how many each thread brought, and how many were refused."""
    events: list[OwnedEvents] = []
    brought: Counter[str] = Counter()
    brought_by: dict[int, dict[str, str]] = {}  # by conversation and message: the thread
    for row in batch:
        if row.conversation is not None and row.events:
            owner, thread = known.conversations[row.sender_id].pk, row.thread.graph_id
            brought_before = brought_by.setdefault(owner, {})
            new = {event.graph_id: event for event in row.events if event.graph_id not in brought_before}
            if new:
                events.append((owner, list(new.values())))
            brought[thread] += len(new)
            brought_before |= dict.fromkeys(new, thread)
    if not carefully:
        if events:
            copy_events(events)
        return brought, Counter()
    held, refused = insert_events([(owner, event) for owner, of_one in events for event in of_one])

    def count(of: list[OwnedEvent]) -> Counter[str]:
        return Counter(brought_by[owner][event.graph_id] for owner, event in of)

    return brought - count(held) - count(refused), count(refused)


# -- the ledger --------------------------------------------------------------------------------------------
def upsert_threads(
    batch: list[ThreadRows], known: Known, created: Counter[str], refused: Counter[str]
) -> set[str]:
    """Writes what changed; returns the threads that did."""
    before = known.threads
    states = dict(before)
    for row in batch:
        graph_id = row.thread.graph_id
        conversation = known.conversations.get(row.sender_id)
        states[graph_id] = next_thread(
            before.get(graph_id),
            row,
            conversation=conversation,
            created=created[graph_id],
            refused=refused[graph_id],
        )
    _tell_merged(states, known)
    changed = {key: state for key, state in states.items() if differs(state, before.get(key))}
    write_threads(changed, before, is_keyed=known.is_keyed)
    known.threads = before | changed
    return set(changed)


def _tell_merged(states: dict[str, Thread], known: Known) -> None:
    """Of several threads of one sender the newest is the stored one, the others are merged into it."""
    shown = {conversation.pk: conversation.graph_id for conversation in known.conversations.values()}
    for graph_id, state in states.items():
        if state.state in (Thread.State.STORED, Thread.State.MERGED) and state.conversation_id in shown:
            is_shown = shown[state.conversation_id] == graph_id
            states[graph_id] = state if is_shown == (state.state == Thread.State.STORED) else _turned(state)


def _turned(state: Thread) -> Thread:
    turned = copy_of(state)
    turned.state = Thread.State.MERGED if state.state == Thread.State.STORED else Thread.State.STORED
    return turned
