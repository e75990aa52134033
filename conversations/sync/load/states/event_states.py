"""Replaces stored messages by newer states: an edited text, a reaction, content that was hidden.

Everything here runs in the caller's transaction, which holds `locks.lock_rows()`.
"""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from conversations.graph.coercion import as_time
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.sync.load.event_row import EventRow, event_json
from conversations.sync.load.states.fingerprint import STATE_FIELDS, fingerprint
from conversations.sync.load.states.headers import storable_json
from conversations.sync.load.transform import UNKNOWN

STATEMENTS = read_statements(__file__)
SECOND = timedelta(seconds=1)
CONTENT = ("shares", "sticker", "story")  # in `data`: what a message shows beside text and attachments


class StoredEvent(NamedTuple):
    """What a comparison needs of a stored message. Without a fingerprint, `content` is what it is made of."""

    id: int
    occurred_at: datetime
    rank: int
    fingerprint: int | None
    content: str | None = None  # as JSON


class Updated(NamedTuple):
    """The primary keys of messages that have changed, and of those whose time was not read rightly before."""

    changed: set[int]
    misread: set[int]


class StoredState(NamedTuple):
    """The content of a stored message."""

    id: int
    kind: str
    text: str
    attachments: list
    data: dict  # without what the header holds
    occurred_at: datetime
    header: int | None


def is_other_state(event: EventRow, stored: StoredEvent) -> bool:
    """Whether a received message differs from the stored one. It may be an older or a poorer state."""
    if event.occurred_at != stored.occurred_at and not _is_same_second(event, stored):
        return True
    if event.fingerprint is None:  # it came without some of the fields
        return False
    if stored.fingerprint is None and stored.content:
        return event.fingerprint != fingerprint(*json.loads(stored.content))
    return event.fingerprint != stored.fingerprint


def _is_same_second(event: EventRow, stored: StoredEvent | StoredState) -> bool:
    """Whether the stored time may stay: Facebook shows seconds only, or none at all."""
    return abs(event.occurred_at - stored.occurred_at) < SECOND


def update_events(changes: Sequence[tuple[int, EventRow]]) -> Updated:
    """Replace stored messages, given by their primary key, by newer states."""
    events = dict(changes)
    if not events:
        return Updated(set(), set())
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["read_states"], {"ids": list(events)})
        rows = [_as_state(*row) for row in cursor.fetchall()]
        states = [state for stored in rows if (state := newer_state(stored, events[stored.id]))]
        if states:
            values: dict[str, Any] = {"states": as_json(states), "now": timezone.now()}
            cursor.execute(STATEMENTS["update_states"], values)
        misread = {stored.id for stored in rows if _is_misread(stored.data, stored.occurred_at)}
        if misread:
            _correct_times(misread)
    return Updated({state["id"] for state in states}, misread)


def _is_misread(data: dict, occurred_at: datetime) -> bool:
    """Whether Facebook's time of a stored message is another: an earlier version did not know its form."""
    time = as_time(data.get("created_time"))
    return time is not None and abs(time - occurred_at) >= SECOND


def _correct_times(ids: set[int]) -> None:
    """Correct the times of all messages of these conversations, also where Facebook shows them no more."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["times_in_other_forms"], {"ids": list(ids)})
        rows = [(row_id, as_time(json.loads(time)), occurred_at) for row_id, time, occurred_at in cursor]
        wrong = [
            {"id": row_id, "occurred_at": time.isoformat()}
            for row_id, time, occurred_at in rows
            if time is not None and abs(time - occurred_at) >= SECOND
        ]
        cursor.execute(STATEMENTS["correct_times"], {"times": as_json(wrong)})


def _as_state(
    row_id: int,
    kind: str,
    text: str,
    attachments: str,
    data: str,
    occurred_at: datetime,
    header: int | None,
) -> StoredState:
    return StoredState(row_id, kind, text, json.loads(attachments), json.loads(data), occurred_at, header)


def newer_state(stored: StoredState, event: EventRow) -> dict[str, Any] | None:
    """Return the columns of the message after this event, or None if nothing of it is newer."""
    attachments, data = event_json(event)
    is_content_new = _is_newer_content(stored, event, attachments, data)
    is_time_new = _is_newer_time(stored, event)
    if not is_content_new and not is_time_new:
        return None
    occurred_at = event.occurred_at if is_time_new else stored.occurred_at
    if is_content_new:
        kind = stored.kind if event.kind == UNKNOWN else event.kind
        text, header = event.text, event.header and event.header.key
    else:
        kind, text, attachments, data = stored.kind, stored.text, stored.attachments, dict(stored.data)
        header = stored.header
    _set_time_mark(data, is_unknown=not event.has_time and stored.data.get("time") == "unknown")
    return {
        "id": stored.id,
        "kind": kind,
        "text": text,
        "attachments": attachments,
        "data": data,
        "header": header,
        "new_header": json.loads(storable_json(event.header)) if is_content_new and event.header else None,
        "occurred_at": occurred_at.isoformat(),
        "fingerprint": fingerprint(kind, text, attachments, data),
        "change": _change(stored, event, attachments, data) if is_content_new else None,
    }


def _is_newer_content(stored: StoredState, event: EventRow, attachments: list, data: dict) -> bool:
    """A state that shows nothing does not replace one that does: Facebook hides content in some regions."""
    if event.fingerprint is None:
        return False
    kind = stored.kind if event.kind == UNKNOWN else event.kind
    before = fingerprint(stored.kind, stored.text, stored.attachments, stored.data)
    if fingerprint(kind, event.text, attachments, data) == before:
        return False
    return _shows_content(event.text, attachments, data) or not _shows_content(
        stored.text, stored.attachments, stored.data
    )


def _shows_content(text: str, attachments: list, data: dict) -> bool:
    return bool(text or attachments or any(data.get(name) for name in CONTENT))


def _is_newer_time(stored: StoredState, event: EventRow) -> bool:
    """An assumed time replaces no real one."""
    may_replace = event.has_time or (event.has_neighbor and stored.data.get("time") == "unknown")
    return may_replace and not _is_same_second(event, stored)


def _set_time_mark(data: dict, *, is_unknown: bool) -> None:
    data.pop("time", None)
    if is_unknown:
        data["time"] = "unknown"


def _change(stored: StoredState, event: EventRow, attachments: list, data: dict) -> dict[str, Any] | None:
    """Return the `data` of the event about the change: the message, what changed, and the earlier text.

    None if only the sender is another one: that is our correction.
    """
    pairs = {
        "text": (stored.text, event.text),
        "attachments": (stored.attachments, attachments),
        **{name: (stored.data.get(name), data.get(name)) for name in STATE_FIELDS},
    }
    changed = [name for name, (before, after) in pairs.items() if before != after]
    if not changed:
        return None
    change = {"message": event.graph_id, "changed": changed}
    return change | {"before": stored.text} if "text" in changed else change
