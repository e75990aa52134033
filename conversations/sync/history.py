"""What is written of a single thread: its older messages, and whether they are all there.

Everything here runs inside the caller's transaction and its locks.lock_rows().
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F
from django.utils import timezone

from conversations.models import Conversation, Platform, Thread
from conversations.sync.copying import held_messages, insert_events
from conversations.sync.events import EventRow
from conversations.sync.transform import RECEIVED, search_text


def save_messages(thread: Thread, events: Sequence[EventRow], unreadable: int = 0) -> int:
    """Stores further messages of a thread; returns how many were new."""
    owner = thread.conversation
    assert owner is not None  # noqa: S101 - a thread without a customer is unreadable: nobody reads on in it
    held = held_messages((owner.pk, event.graph_id) for event in events)
    new = {event.graph_id: event for event in events if (owner.pk, event.graph_id) not in held}
    known, refused = insert_events([(owner.pk, event) for event in new.values()])
    created = len(new) - len(known) - len(refused)
    if created or refused or unreadable:
        # Added by the database: meanwhile the list may have shown the thread again.
        Thread.objects.filter(pk=thread.pk).update(
            held_count=F("held_count") + created,
            unreadable_count=F("unreadable_count") + unreadable + len(refused),
        )
    if thread.complete_until is not None:
        _wake(owner, new.values(), since=thread.complete_until)
    return created


def _wake(conversation: Conversation, new_events: Iterable[EventRow], *, since: datetime) -> None:
    """Active again if the customer wrote after what we held before."""
    if any(event.kind == RECEIVED and event.occurred_at >= since for event in new_events):
        done = Conversation.objects.filter(pk=conversation.pk, conversation_status=Conversation.Status.DONE)
        done.update(conversation_status=Conversation.Status.ACTIVE, updated_at=timezone.now())


def show_newest(thread: Thread, event: EventRow) -> None:
    """Of a thread that was listed without its messages: now the newest is known, not only its snippet."""
    shown = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id).first()
    if shown is None or shown.last_message_time not in (event.occurred_at, thread.updated_time):
        return
    text = event.text or shown.last_message
    state = (text, event.occurred_at, event.kind)
    if state != (shown.last_message, shown.last_message_time, shown.last_message_kind):
        shown.last_message, shown.last_message_time, shown.last_message_kind = state
        shown.search, shown.updated_at = search_text(shown), timezone.now()
        fields = ["last_message", "last_message_time", "last_message_kind", "search", "updated_at"]
        shown.save(update_fields=fields)
        shown.tag_rows.update(last_message_time=event.occurred_at)


def begin_readings(places: Sequence[tuple[Thread, dict]]) -> None:
    """Keeps how far the older messages of these threads are read: what the next run goes on from."""
    if places:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE conversations_thread thread SET reading = place.reading::jsonb"
                " FROM unnest(%s::bigint[], %s::text[]) AS place(id, reading) WHERE thread.id = place.id",
                [[thread.pk for thread, _ in places], [json.dumps(place) for _, place in places]],
            )


def close_history(thread: Thread, complete_until: datetime | None, *, truncated: bool = False) -> None:
    """Every message of the thread up to this time is held now; `truncated`: that can still be read."""
    truncated = truncated or _hides_some(thread)
    shown = Conversation.objects.filter(threads=thread, graph_id=thread.graph_id)
    thread.state = Thread.State.STORED if shown.exists() else Thread.State.MERGED
    thread.history = Thread.History.TRUNCATED if truncated else Thread.History.COMPLETE
    thread.reason, thread.complete_until, thread.reading = "", complete_until, None
    thread.audited_count = thread.message_count
    thread.save(update_fields=["state", "reason", "history", "complete_until", "audited_count", "reading"])


def _hides_some(thread: Thread) -> bool:
    """Whether Instagram counts more messages than we hold, all that it showed being read."""
    if thread.platform != Platform.INSTAGRAM:
        return False
    thread.refresh_from_db(fields=["held_count"])  # the database adds to it
    return thread.message_count > thread.held_count


def leave_history(thread: Thread, state: str, reason: str) -> None:
    """The rest of the thread cannot be read: now (owed), or for good (unreadable)."""
    thread.state, thread.reason = state, reason
    thread.save(update_fields=["state", "reason"])
