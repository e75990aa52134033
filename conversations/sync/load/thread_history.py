"""Saves the older messages of a single thread, and whether its history is complete.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial

from django.db import connection
from django.db.models import F
from django.utils import timezone

from conversations.lib.sql_files import read_statements
from conversations.models import Conversation, Platform, Thread
from conversations.sync.load.copy_events import claim_messages, insert_events, move_events, stored_messages
from conversations.sync.load.event_row import EventRow, event_row
from conversations.sync.load.imported.adoption import adopt_events, note_checks
from conversations.sync.load.reconcile import has_hidden_messages
from conversations.sync.load.states.event_states import is_other_state, update_events
from conversations.sync.load.states.old_messages import old_ids
from conversations.sync.load.states.ranks import rank_events
from conversations.sync.load.states.read_state import recount
from conversations.sync.load.states.snoozes import BY_MESSAGE, end_snoozes
from conversations.sync.load.transform import RECEIVED, UNKNOWN, search_text
from conversations.sync.stored_state import BackfillPoint

STATEMENTS = read_statements(__file__)


def save_messages(
    thread: Thread,
    events: Sequence[EventRow],
    unreadable: int = 0,
    *,
    newer_id: str | None = None,
    untimed: Sequence[str] = (),
    mixed: Collection[int] = (),
    is_first: bool = False,
    has_imports: bool = False,
) -> int:
    """Insert more messages of a thread, and replace stored ones by newer states. Return how many were new.

    `newer_id` is the message directly before the newest of these, if that was shown by an earlier answer.
    Between them are `untimed`, stored ones (oldest first) that have no time: they take that of the newest.
    `mixed` are conversations that may have some of them: see sync.load.separation. `is_first`: these are the
    newest messages of a thread that is read as a whole, which counts its unreadable messages again.
    `has_imports`: rows of an archive may be among the stored ones.
    """
    owner = _customer_of(thread)
    shown = {event.graph_id for event in events}  # an answer may repeat what an earlier one has shown
    moved = _at_time_of(events[-1], [each for each in untimed if each not in shown]) if events else []
    adopted = adopt_events([(owner.pk, events)]) if has_imports else 0
    stored = stored_messages([(owner.pk, [*events, *moved])])
    pairs = [(event, stored.find([owner.pk], event.graph_id)) for event in events]
    pairs += [(event, before) for event in moved if (before := stored.find([owner.pk], event.graph_id))]
    changed, _ = update_events(
        [(before.id, event) for event, before in pairs if before and is_other_state(event, before)]
    )
    ranking = rank_events(pairs, partial(stored.by_second, owner.pk), newer_id)
    move_events(ranking.moved)
    too_old = old_ids(ranking.new)
    new = {event.graph_id: event for event in ranking.new if event.graph_id not in too_old}
    claimed = {graph_id for pk in mixed for graph_id in claim_messages(pk, owner.pk, list(new.values()))}
    new = {graph_id: event for graph_id, event in new.items() if graph_id not in claimed}
    existing, refused = insert_events([(owner.pk, event) for event in new.values()])
    created = len(new) - len(existing) - len(refused)
    if has_imports and (created or adopted or changed):
        note_checks([owner.pk])
    if created or adopted or refused or unreadable or claimed or is_first:
        # Add in the database: a list may have updated the row in the meantime.
        Thread.objects.filter(pk=thread.pk).update(
            held_count=F("held_count") + created + adopted + len(claimed),
            unreadable_count=(0 if is_first else F("unreadable_count")) + unreadable + len(refused),
        )
    if thread.complete_until is not None:
        _reopen(owner, new.values(), since=thread.complete_until)
    if owner.read_until is not None:
        recount([owner.pk])
    return created


def _at_time_of(older: EventRow, untimed: Sequence[str]) -> list[EventRow]:
    """Return events that give these messages the time of an older one, if it has one, and nothing else."""
    if not (older.has_time or older.has_neighbor):
        return []
    return [
        event_row(UNKNOWN, graph_id, older.occurred_at, "", has_time=False, has_neighbor=True)
        for graph_id in untimed
    ]


def _customer_of(thread: Thread) -> Conversation:
    """Return the conversation of a thread that is read on its own. Those without a customer never are.

    It is read again: a list may have shown meanwhile that the thread belongs to another one.
    """
    owner = Conversation.objects.filter(threads=thread.pk).first()
    if owner is None:
        raise ValueError(f"Thread {thread.pk} has no conversation to which messages could be added.")
    return owner


def _reopen(conversation: Conversation, new_events: Iterable[EventRow], *, since: datetime) -> None:
    """Make the conversation active again, and end its snooze, if the customer wrote since then."""
    if any(event.kind == RECEIVED and event.occurred_at >= since for event in new_events):
        done = Conversation.objects.filter(pk=conversation.pk, conversation_status=Conversation.Status.DONE)
        done.update(conversation_status=Conversation.Status.ACTIVE, updated_at=timezone.now())
        end_snoozes([conversation.pk] if conversation.snoozed_until else [], BY_MESSAGE)


def show_newest_message(thread: Thread, event: EventRow) -> None:
    """Show this message as the newest of a thread that was listed without messages, only with a snippet."""
    conversation = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id).first()
    if conversation is None or conversation.last_message_time not in (event.occurred_at, thread.updated_time):
        return
    fields = ["last_message", "last_message_time", "last_message_kind"]
    values = [event.text or conversation.last_message, event.occurred_at, event.kind]
    if values != [getattr(conversation, name) for name in fields]:
        for name, value in zip(fields, values, strict=True):
            setattr(conversation, name, value)
        conversation.search, conversation.updated_at = search_text(conversation), timezone.now()
        conversation.save(update_fields=[*fields, "search", "updated_at"])
        conversation.tag_rows.update(last_message_time=event.occurred_at)


def save_backfills(states: Sequence[tuple[Thread, BackfillPoint]]) -> None:
    """Save how far the older messages of these threads are read: the next run resumes from there."""
    if states:
        with connection.cursor() as cursor:
            cursor.execute(
                STATEMENTS["save_backfills"],
                {
                    "ids": [thread.pk for thread, _ in states],
                    "states": [json.dumps(point.as_json()) for _, point in states],
                },
            )


def finish_backfill(thread: Thread, complete_until: datetime | None, *, truncated: bool = False) -> None:
    """Save that every message of the thread up to this time is stored.

    `truncated`: every message that Facebook still shows.
    """
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["count_held"], {"thread": thread.pk})
    if thread.platform == Platform.INSTAGRAM and not truncated:
        thread.refresh_from_db(fields=["held_count"])  # only the database knows it: see save_messages()
        truncated = has_hidden_messages(thread)
    shown = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id)
    thread.state = Thread.State.STORED if shown.exists() else Thread.State.MERGED
    thread.history = Thread.History.TRUNCATED if truncated else Thread.History.COMPLETE
    thread.reason, thread.complete_until, thread.backfill = "", complete_until, None
    thread.audited_count = thread.message_count
    thread.save(update_fields=["state", "reason", "history", "complete_until", "audited_count", "backfill"])


def stop_backfill(thread: Thread, state: str, reason: str) -> None:
    """Save why the rest of the thread was not read. `state` is OWED (try again) or UNREADABLE."""
    thread.state, thread.reason = state, reason
    thread.save(update_fields=["state", "reason"])
