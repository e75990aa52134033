"""The only bulk writes. Everything here runs inside the caller's transaction and its locks.lock_rows().

What is there is read first, so that only what is new or newer is written: counts are exact, nothing moves
back in time, and what did not change costs no write.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DataError, OperationalError, connection, transaction
from django.db.models import OuterRef, Q, Subquery
from django.utils import timezone

from conversations.models import Conversation, ConversationTag, InteractionEvent, Page, Thread
from conversations.sync.merge import (
    CONVERSATION_FIELDS,
    THREAD_FIELDS,
    age,
    differs,
    next_conversation,
    next_thread,
)
from conversations.sync.transform import ThreadRows, search_text

CHUNK = 500


@dataclass
class Outcome:
    """What became of one listed thread: inserted, updated, unchanged or skipped."""

    thread: Thread
    result: str
    events_created: int = 0
    after: str | None = None  # where its older messages begin
    newest: datetime | None = None  # of the messages that were shown

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

    conversations: dict[str, Conversation] = field(default_factory=dict)  # by sender_id
    threads: dict[str, Thread] = field(default_factory=dict)  # by graph_id, all threads of those senders


def save_batch(page: Page, rows: Iterable[ThreadRows]) -> list[Outcome]:
    """Stores what one answer lists; one outcome for each thread, in the order listed."""
    outcomes: dict[str, Outcome] = {}
    for batch in _once_each(rows):
        for outcome in _save_once_each(page, batch):
            graph_id = outcome.thread.graph_id
            if graph_id in outcomes:
                outcome.add(outcomes[graph_id])
            outcomes[graph_id] = outcome
    return list(outcomes.values())


def _once_each(rows: Iterable[ThreadRows]) -> list[list[ThreadRows]]:
    """Batches in which no thread comes twice, as it may in a list that moves; its older states first."""
    states: dict[str, list[ThreadRows]] = {}
    for row in rows:
        states.setdefault(row.thread.graph_id, []).append(row)
    for of_one in states.values():
        of_one.sort(key=lambda row: age(row.thread))
    most = max(map(len, states.values()), default=0)
    return [[of_one[n] for of_one in states.values() if n < len(of_one)] for n in range(most)]


def _save_once_each(page: Page, batch: list[ThreadRows]) -> list[Outcome]:
    known = _read_known(page, batch)
    _drop_known_events(batch, known)
    old_senders = set(known.conversations)
    changed_senders = upsert_conversations(batch, known)
    created, refused = _insert_batch(batch, known)
    changed_threads = upsert_threads(batch, known, created, refused)
    outcomes = []
    for row in batch:
        thread = known.threads[row.thread.graph_id]
        touched = row.sender_id in changed_senders or thread.graph_id in changed_threads
        result = _result(thread, is_new=row.sender_id not in old_senders, touched=touched)
        old_senders.add(row.sender_id)
        outcomes.append(Outcome(thread, result, created[thread.graph_id], row.after, row.newest))
    return outcomes


def _result(thread: Thread, *, is_new: bool, touched: bool) -> str:
    if thread.state == Thread.State.UNREADABLE:
        return "skipped"
    if is_new:
        return "inserted"
    return "updated" if touched else "unchanged"


# -- what is there -----------------------------------------------------------------------------------------
def _read_known(page: Page, batch: list[ThreadRows]) -> Known:
    senders = {row.sender_id for row in batch} - {""}
    conversations = {row.sender_id: row for row in page.conversations.filter(sender_id__in=senders)}
    listed = Q(graph_id__in=[row.thread.graph_id for row in batch])
    theirs = Q(conversation__in=[conversation.pk for conversation in conversations.values()])
    threads = {thread.graph_id: thread for thread in page.threads.filter(listed | theirs)}
    return Known(conversations, threads)


def _drop_known_events(batch: list[ThreadRows], known: Known) -> None:
    """Leaves in each row the events that we do not hold."""
    owners = {row.thread.graph_id: known.conversations.get(row.sender_id) for row in batch}
    held = held_messages(
        (owner.pk, event.graph_id)
        for row in batch
        if (owner := owners[row.thread.graph_id])
        for event in row.events
    )
    for row in batch:
        if owner := owners[row.thread.graph_id]:
            row.events = [event for event in row.events if (owner.pk, event.graph_id) not in held]


def held_messages(keys: Iterable[tuple[int, str | None]]) -> set[tuple[int, str]]:
    """Which of these (conversation, message id) we hold."""
    pairs = list(keys)
    if not pairs:
        return set()
    conversation_ids, graph_ids = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        # A join over pairs: two IN lists would probe the index for each combination of them.
        cursor.execute(
            "SELECT event.conversation_id, event.graph_id"
            " FROM unnest(%s::bigint[], %s::text[]) AS wanted(conversation_id, graph_id)"
            " JOIN conversations_interactionevent event USING (conversation_id, graph_id)",
            [list(conversation_ids), list(graph_ids)],
        )
        return set(cursor.fetchall())


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
    Conversation.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["page", "sender_id"],
        update_fields=[*CONVERSATION_FIELDS, "updated_at"],
        batch_size=CHUNK,
    )
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
def _insert_batch(batch: list[ThreadRows], known: Known) -> tuple[Counter[str], Counter[str]]:
    """Inserts the events of all rows; returns how many each thread brought, and how many were refused."""
    events: dict[tuple[int, str | None], tuple[str, InteractionEvent]] = {}
    for row in batch:
        if row.conversation is not None:
            owner = known.conversations[row.sender_id]
            for event in row.events:
                event.conversation_id = owner.pk
                events.setdefault((owner.pk, event.graph_id), (row.thread.graph_id, event))
    brought = Counter(graph_id for graph_id, _ in events.values())
    refused = Counter(
        events[event.conversation_id, event.graph_id][0]
        for event in insert_events([event for _, event in events.values()])
    )
    return brought - refused, refused


def insert_events(events: list[InteractionEvent]) -> list[InteractionEvent]:
    """Oldest first, so that among equals the higher id is the newer. What is there already is left alone.

    Returns those that PostgreSQL cannot hold: one such message costs that message, not its thread.
    """
    if not events:
        return []
    try:
        with transaction.atomic():
            InteractionEvent.objects.bulk_create(events, ignore_conflicts=True, batch_size=CHUNK)
    except (DataError, OperationalError) as error:
        if not is_about_a_value(error):
            raise
        if len(events) == 1:
            return events
        middle = len(events) // 2
        return insert_events(events[:middle]) + insert_events(events[middle:])
    return []


def is_about_a_value(error: Exception) -> bool:
    """DataError, or an index entry that is too long (54000): the record is the reason, not the database."""
    return isinstance(error, DataError) or getattr(error.__cause__, "sqlstate", "") == "54000"


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
    Thread.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["page", "graph_id"],
        update_fields=THREAD_FIELDS,
        batch_size=CHUNK,
    )
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
    values = {name: getattr(state, name) for name in ["page_id", "graph_id", *THREAD_FIELDS]}
    values["state"] = Thread.State.MERGED if state.state == Thread.State.STORED else Thread.State.STORED
    return Thread(**values)


# -- deeper history ----------------------------------------------------------------------------------------
def save_messages(thread: Thread, events: list[InteractionEvent], unreadable: int = 0) -> int:
    """Stores further messages of a thread; returns how many were new."""
    owner = thread.conversation
    assert owner is not None  # noqa: S101 - a thread without a customer is unreadable: nobody reads on in it
    held = held_messages((owner.pk, event.graph_id) for event in events)
    new = {event.graph_id: event for event in events if (owner.pk, event.graph_id) not in held}
    for event in new.values():
        event.conversation = owner
    refused = insert_events(list(new.values()))
    if new or unreadable:
        thread.held_count += len(new) - len(refused)
        thread.unreadable_count += unreadable + len(refused)
        thread.save(update_fields=["held_count", "unreadable_count"])
    if thread.complete_until is not None:
        _wake(owner, new.values(), since=thread.complete_until)
    return len(new) - len(refused)


def _wake(conversation: Conversation, new_events: Iterable[InteractionEvent], *, since: datetime) -> None:
    """Active again if the customer wrote after what we held before."""
    received = InteractionEvent.Kind.MESSAGE_RECEIVED
    if any(event.kind == received and event.occurred_at >= since for event in new_events):
        done = Conversation.objects.filter(pk=conversation.pk, conversation_status=Conversation.Status.DONE)
        done.update(conversation_status=Conversation.Status.ACTIVE, updated_at=timezone.now())


def show_newest(thread: Thread, event: InteractionEvent) -> None:
    """Of a thread that was listed without its messages: now the newest is known, not only its snippet."""
    shown = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id).first()
    if shown is None or shown.last_message_time not in (event.occurred_at, thread.updated_time):
        return
    text = event.text or shown.last_message
    if (text, event.occurred_at) != (shown.last_message, shown.last_message_time):
        shown.last_message, shown.last_message_time = text, event.occurred_at
        shown.search, shown.updated_at = search_text(shown), timezone.now()
        shown.save(update_fields=["last_message", "last_message_time", "search", "updated_at"])
        shown.tag_rows.update(last_message_time=event.occurred_at)


def begin_readings(places: list[tuple[Thread, dict]]) -> None:
    """Keeps how far the older messages of these threads are read: what the next run goes on from."""
    if places:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE conversations_thread thread SET reading = place.reading::jsonb"
                " FROM unnest(%s::bigint[], %s::text[]) AS place(id, reading) WHERE thread.id = place.id",
                [[thread.pk for thread, _ in places], [json.dumps(place) for _, place in places]],
            )


def close_history(thread: Thread, complete_until: datetime | None, *, truncated: bool = False) -> None:
    """Every message of the thread up to this time is held now, or (`truncated`) all that Graph shows."""
    shown = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id)
    thread.state = Thread.State.STORED if shown.exists() else Thread.State.MERGED
    thread.history = Thread.History.TRUNCATED if truncated else Thread.History.COMPLETE
    thread.reason, thread.complete_until, thread.reading = "", complete_until, None
    thread.save(update_fields=["state", "reason", "history", "complete_until", "reading"])


def leave_history(thread: Thread, state: str, reason: str) -> None:
    """The rest of the thread cannot be read: now (owed), or for good (unreadable)."""
    thread.state, thread.reason = state, reason
    thread.save(update_fields=["state", "reason"])
