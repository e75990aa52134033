"""Loads a batch of threads into the tables: the only module that writes them in bulk.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`. The stored rows are read
first, so that only new or newer values are written: counts are exact, no value moves back in time, and an
unchanged row costs no write.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.utils import timezone

from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.lib.notify import notify_changes, notify_conversations
from conversations.models import Conversation, Page, Platform, Thread
from conversations.sync.counters import strength
from conversations.sync.load.copy_events import (
    OwnedEvent,
    OwnedEvents,
    claim_messages,
    copy_events,
    insert_events,
    move_events,
    stored_messages,
)
from conversations.sync.load.existing import ExistingRows, read_existing
from conversations.sync.load.imported.adoption import adopt_events, note_checks
from conversations.sync.load.live.last_message import move_tag_rows, show_last_messages
from conversations.sync.load.live.silence import note_missed
from conversations.sync.load.reconcile import (
    close_history,
    differs,
    has_new_message,
    reconcile_conversation,
    reconcile_thread,
    version,
)
from conversations.sync.load.states.event_states import is_other_state, update_events
from conversations.sync.load.states.headers import insert_headers
from conversations.sync.load.states.old_messages import without_old
from conversations.sync.load.states.ranks import Pair, Place, rank_events
from conversations.sync.load.states.read_state import NO_NEWS, GraphNews, news_of, save_unread_counts
from conversations.sync.load.states.snoozes import BY_MESSAGE, end_snoozes
from conversations.sync.load.transform import ShownMessages, ThreadRows, newest_of, oldest_of
from conversations.sync.load.unsaved import unsaved_copy
from conversations.sync.load.upsert import write_conversations, write_threads


@dataclass
class ThreadResult:
    """What happened to one listed thread. `result` is "inserted", "updated", "unchanged" or "skipped"."""

    thread: Thread
    result: str
    events_created: int
    shown: ShownMessages
    needs_audit: bool = False  # Facebook counts more messages than were read: the whole thread may be read
    joined: int = 0  # conversations that were joined with that of this thread, because they are one person's
    has_gap: bool = False  # it showed new messages, and none of those that were stored before
    lost_before: datetime | None = None  # Instagram no longer shows messages that were written before then

    @property
    def needs_history(self) -> bool:
        return self.thread.state == Thread.State.OWED

    @property
    def has_changes(self) -> bool:
        return self.result in ("inserted", "updated") or self.events_created > 0

    def include_older(self, older: "ThreadResult") -> None:
        """Include the result of an older state of the same thread in the same answer."""
        self.events_created += older.events_created
        self.joined += older.joined
        if self.result != "skipped":
            self.result = max(self.result, older.result, key=strength)


def save_batch(
    page: Page,
    rows: Iterable[ThreadRows],
    *,
    is_keyed: bool = True,
    tolerant: bool = True,
    done_before: datetime | None = None,
) -> list[ThreadResult]:
    """Save the threads of one answer. Return one result for each thread, in the order listed.

    `is_keyed`: whether the database has its unique keys (see `models.constraints`). `tolerant`: leave out
    messages that PostgreSQL rejects or that were stored in the meantime; otherwise they raise DataError,
    OperationalError or IntegrityError. `done_before`: new conversations whose last message is older are done.
    """
    outcomes: dict[str, ThreadResult] = {}
    for batch in _split_repeats(without_old(rows)):
        for outcome in _save_distinct(
            page, batch, is_keyed=is_keyed, tolerant=tolerant, done_before=done_before
        ):
            graph_id = outcome.thread.graph_id
            if graph_id in outcomes:
                outcome.include_older(outcomes[graph_id])
            outcome.needs_audit = _lacks_messages(outcome.thread)
            outcomes[graph_id] = outcome
    _notify(page, outcomes.values())
    return list(outcomes.values())


def _notify(page: Page, outcomes: Iterable[ThreadResult]) -> None:
    """Tell the screens which conversations to show again."""
    changed = {outcome.thread.conversation_id for outcome in outcomes if outcome.has_changes}
    if any(outcome.joined for outcome in outcomes):  # conversations are gone
        notify_changes([page.pk])
    elif changed := {pk for pk in changed if pk}:
        notify_conversations(page.pk, changed)


def _lacks_messages(thread: Thread) -> bool:
    """Whether Facebook counts more messages than were read, and did not count so many at the last audit.

    Without an audit, an earlier version read the unreadable ones, which may have been a fault of it.
    """
    unreadable = 0 if thread.audited_count is None else thread.unreadable_count
    return (
        thread.history != Thread.History.TRUNCATED
        and thread.state in (Thread.State.STORED, Thread.State.MERGED)
        and thread.message_count > thread.held_count + unreadable
        and thread.message_count != thread.audited_count
    )


def _split_repeats(rows: Iterable[ThreadRows]) -> list[list[ThreadRows]]:
    """Return batches in which each thread occurs once, older states first: a moving list repeats threads."""
    states: dict[str, list[ThreadRows]] = {}
    for row in rows:
        states.setdefault(row.thread.graph_id, []).append(row)
    for versions in states.values():
        versions.sort(key=lambda row: version(row.thread))
    most = max(map(len, states.values()), default=0)
    return [[versions[n] for versions in states.values() if n < len(versions)] for n in range(most)]


def _save_distinct(
    page: Page, batch: list[ThreadRows], *, is_keyed: bool, tolerant: bool, done_before: datetime | None
) -> list[ThreadResult]:
    existing, joined = read_existing(page, batch, is_keyed=is_keyed)
    adopted = _adopt_imported(batch, existing) if page.has_imports else 0
    _drop_stored_events(batch, existing)
    old_senders = set(existing.conversations)
    lost = {row.thread.graph_id: _lost_before(row, existing) for row in batch}
    with_unsent = {sender for sender, stored in existing.conversations.items() if stored.unsent_at}
    stored = dict(existing.conversations)
    changed_senders, news = upsert_conversations(batch, existing, done_before)
    note_missed(page, [event.occurred_at for row in batch if row.conversation for event in row.events])
    _claim_messages(batch, existing)
    created, refused = _insert_batch(batch, existing, tolerant=tolerant)
    # Older than an unsent message, yet the newest that is left. A webhook may have stored it before.
    new = {row.sender_id for row in batch if row.events or row.has_newer_states}
    show_last_messages([existing.conversations[sender] for sender in with_unsent & new])
    _save_work(batch, existing, stored, news)
    changed_threads = upsert_threads(batch, existing, created, refused)
    outcomes = []
    for row in batch:
        thread = existing.threads[row.thread.graph_id]
        touched = (
            row.sender_id in changed_senders or thread.graph_id in changed_threads or row.has_newer_states
        )
        result = _result(thread, is_new=row.sender_id not in old_senders, touched=touched)
        old_senders.add(row.sender_id)
        has_gap = bool(created[thread.graph_id]) and row.oldest_stored is None
        outcome = ThreadResult(thread, result, created[thread.graph_id], row.shown, has_gap=has_gap)
        if has_gap and (lost_before := lost[thread.graph_id]):
            outcome.lost_before = lost_before
            Thread.objects.filter(pk=thread.pk).update(gap_at=lost_before)
        outcomes.append(outcome)
    if outcomes:
        outcomes[0].joined = joined
    if page.has_imports and (adopted or any(created.values()) or any(row.has_newer_states for row in batch)):
        _note_checks(batch, existing)  # newer states are also texts of messages without one
    return outcomes


def _lost_before(row: ThreadRows, existing: ExistingRows) -> datetime | None:
    """Return the oldest time that an answer of Instagram reaches, if what is stored ends before it.

    It shows the newest 20 messages. Where none of them is stored, there may have been more.
    """
    stored = existing.conversations.get(row.sender_id)
    oldest = row.shown.oldest
    if row.thread.platform != Platform.INSTAGRAM or row.shown.count < INSTAGRAM_WINDOW or oldest is None:
        return None
    if stored is None or not (row.thread.graph_id in existing.threads or not stored.graph_id):
        return None
    if stored.last_message_time is None or stored.last_message_time >= oldest:
        return None
    known = existing.threads.get(row.thread.graph_id)
    is_counted = known is not None and "message_count" in row.given
    if known and is_counted and row.thread.message_count - known.message_count == row.shown.count:
        return None  # as many came as it shows
    return oldest


def _result(thread: Thread, *, is_new: bool, touched: bool) -> str:
    if thread.state == Thread.State.UNREADABLE:
        return "skipped"
    if is_new:
        return "inserted"
    return "updated" if touched else "unchanged"


# -- rows of archives ------------------------------------------------------------------------------------
def _adopt_imported(batch: list[ThreadRows], existing: ExistingRows) -> int:
    """Let what an archive had brought before be found as stored."""
    stored = existing.conversations
    return adopt_events(
        (stored[row.sender_id].pk, row.events) for row in batch if row.sender_id in stored and row.events
    )


def _note_checks(batch: list[ThreadRows], existing: ExistingRows) -> None:
    senders = {row.sender_id for row in batch if row.conversation}
    note_checks({existing.conversations[sender].pk for sender in senders & existing.conversations.keys()})


# -- stored rows -----------------------------------------------------------------------------------------
def _drop_stored_events(batch: list[ThreadRows], existing: ExistingRows) -> None:
    """Remove the stored events from each row. Those that show a newer state are replaced."""
    owned = [
        (row, existing.same_sender[existing.conversations[row.sender_id].pk])
        for row in batch
        if row.sender_id in existing.conversations
    ]
    stored = stored_messages((pk, row.events) for row, pks in owned for pk in pks)
    received = [
        (row, pks[0], [(event, stored.find(pks, event.graph_id)) for event in row.events])
        for row, pks in owned
    ]
    changed, misread = update_events(
        [
            (before.id, event)
            for _, _, pairs in received
            for event, before in pairs
            if before and is_other_state(event, before)
        ]
    )
    moved: dict[int, Place] = {}
    for row, owner, pairs in received:
        existing.held[row.thread.graph_id] = len({event.graph_id for event, before in pairs if before})
        row.oldest_stored = oldest_of(event for event, before in pairs if before)
        _hide_deleted(row, existing, pairs)
        row.events, ranks = rank_events(pairs, partial(stored.by_second, owner))
        moved |= ranks
        row.has_newer_states = bool(changed) and any(before and before.id in changed for _, before in pairs)
        row.was_misread = bool(misread) and any(before and before.id in misread for _, before in pairs)
    move_events(moved)


def _hide_deleted(row: ThreadRows, existing: ExistingRows, pairs: Sequence[Pair]) -> None:
    """Show the newest message that its sender has not taken back, although Facebook still lists that one."""
    shown = [event for event, before in pairs if not (before and before.is_deleted)]
    if row.conversation is None or len(shown) == len(pairs):
        return
    current, newest = existing.conversations[row.sender_id], newest_of(shown)
    row.conversation.last_message = (newest and newest.text) or current.last_message
    row.conversation.last_message_kind = newest.kind if newest else current.last_message_kind


# -- conversations -----------------------------------------------------------------------------------------
def upsert_conversations(
    batch: list[ThreadRows], existing: ExistingRows, done_before: datetime | None
) -> tuple[set[str], dict[str, GraphNews]]:
    """Write new and newer conversations.

    Return the senders whose conversation changed, and what is new of Facebook's unread counts, by sender.
    """
    news: dict[str, GraphNews] = {}
    before, shown = existing.conversations, dict(existing.threads)
    states = dict(before)
    for row in sorted(batch, key=lambda row: version(row.thread)):
        current = states.get(row.sender_id)
        current_thread = shown.get(current.graph_id) if current else None
        state = reconcile_conversation(current, row, current_thread=current_thread)
        if state is not None:
            if current and (new := news_of(current, state, row, current_thread=current_thread)):
                news[row.sender_id] = new.after(news.get(row.sender_id))
            states[row.sender_id] = state
            shown[row.thread.graph_id] = max(
                row.thread, shown.get(row.thread.graph_id, row.thread), key=version
            )
    if done_before is not None:
        close_history(states, before, done_before)
    changed = {sender: state for sender, state in states.items() if differs(state, before.get(sender))}
    now = timezone.now()
    for state in changed.values():
        state.updated_at = now
    write_conversations(changed, before, is_keyed=existing.is_keyed)
    move_tag_rows([sender for sender in changed if sender in before], before, changed)
    existing.conversations = before | changed
    return set(changed), news


def _save_work(
    batch: list[ThreadRows],
    existing: ExistingRows,
    stored: dict[str, Conversation],
    news: dict[str, GraphNews],
) -> None:
    """Count the unread messages of marked conversations, and end the snooze where the customer wrote."""
    counted = {stored[sender].pk: each for sender, each in news.items()}
    woken = set()
    for row in batch:
        before = stored.get(row.sender_id)
        if before is None:
            continue
        if before.read_until is not None and (row.events or row.has_newer_states):
            counted.setdefault(before.pk, NO_NEWS)
        if before.snoozed_until is not None and has_new_message(before, row.events):
            woken.add(before.pk)
    save_unread_counts(dict.fromkeys(existing.mixed.values(), NO_NEWS) | counted)
    end_snoozes(woken, BY_MESSAGE)


# -- events ------------------------------------------------------------------------------------------------
def _claim_messages(batch: list[ThreadRows], existing: ExistingRows) -> None:
    """Move the messages of threads that another conversation had."""
    for row in batch:
        mixed = existing.mixed.get(row.thread.graph_id)
        if mixed and row.events:
            claimed = claim_messages(mixed, existing.conversations[row.sender_id].pk, row.events)
            row.events = [event for event in row.events if event.graph_id not in claimed]
            existing.held[row.thread.graph_id] += len(claimed)


def _insert_batch(
    batch: list[ThreadRows], existing: ExistingRows, *, tolerant: bool
) -> tuple[Counter[str], Counter[str]]:
    """Insert the events of all rows. Return by thread how many were inserted, and how many were rejected."""
    events: list[OwnedEvents] = []
    created: Counter[str] = Counter()
    sources: dict[int, dict[str, str]] = {}  # by conversation and message: the thread
    for row in batch:
        if row.conversation is not None and row.events:
            owner, thread = existing.conversations[row.sender_id].pk, row.thread.graph_id
            known_sources = sources.setdefault(owner, {})
            new = {event.graph_id: event for event in row.events if event.graph_id not in known_sources}
            if new:
                events.append((owner, list(new.values())))
            created[thread] += len(new)
            known_sources |= dict.fromkeys(new, thread)
    if not tolerant:
        if events:
            insert_headers({(owner, event.header): None for owner, owned in events for event in owned})
            copy_events(events)
        return created, Counter()
    stored, refused = insert_events([(owner, event) for owner, owned in events for event in owned])

    def count(owned: list[OwnedEvent]) -> Counter[str]:
        return Counter(sources[owner][event.graph_id] for owner, event in owned)

    return created - count(stored) - count(refused), count(refused)


# -- threads -----------------------------------------------------------------------------------------------
def upsert_threads(
    batch: list[ThreadRows], existing: ExistingRows, created: Counter[str], refused: Counter[str]
) -> set[str]:
    """Write the changed threads. Return their IDs."""
    before = existing.threads
    states = dict(before)
    for row in batch:
        graph_id = row.thread.graph_id
        conversation = existing.conversations.get(row.sender_id)
        states[graph_id] = reconcile_thread(
            before.get(graph_id),
            row,
            conversation=conversation,
            held=existing.held[graph_id],
            created=created[graph_id],
            refused=refused[graph_id],
        )
    _mark_merged(states, existing)
    changed = {key: state for key, state in states.items() if differs(state, before.get(key))}
    write_threads(changed, before, is_keyed=existing.is_keyed)
    existing.threads = before | changed
    return set(changed)


def _mark_merged(states: dict[str, Thread], existing: ExistingRows) -> None:
    """Mark the newest thread of each sender as stored, and the others as merged into it."""
    shown = {conversation.pk: conversation.graph_id for conversation in existing.conversations.values()}
    for graph_id, state in states.items():
        if state.state in (Thread.State.STORED, Thread.State.MERGED) and state.conversation_id in shown:
            is_shown = shown[state.conversation_id] == graph_id
            states[graph_id] = (
                state if is_shown == (state.state == Thread.State.STORED) else _with_other_state(state)
            )


def _with_other_state(state: Thread) -> Thread:
    turned = unsaved_copy(state)
    turned.state = Thread.State.MERGED if state.state == Thread.State.STORED else Thread.State.STORED
    return turned
