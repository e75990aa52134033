"""Replaces stored messages by newer states: an edited text, a reaction, content that was hidden.

A message that a webhook has brought is replaced by what the list shows, which says more of it. What only
webhooks tell stays, and for a moment so do an edit and a reaction: the list may have been read before them.

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
from conversations.sync.load.live.message_state import KEPT, is_from_webhook
from conversations.sync.load.states.fingerprint import STATE_FIELDS, fingerprint, plain_references
from conversations.sync.load.states.headers import storable_json
from conversations.sync.load.transform import UNKNOWN

STATEMENTS = read_statements(__file__)
SECOND = timedelta(seconds=1)
# A list that was read before an edit or a reaction is stored within this time.
READ_BEFORE = timedelta(minutes=2)
CONTENT = ("shares", "sticker", "story")  # in `data`: what a message shows beside text and attachments


class StoredEvent(NamedTuple):
    """What a comparison needs of a stored message. Without a fingerprint, `content` is what it is made of.

    `ms`: the milliseconds of its time, if they are known. `is_deleted`: its sender has taken it back.
    `is_unplaced`: it was taken back before a list has shown it, so that its milliseconds alone place it.
    """

    id: int
    occurred_at: datetime
    rank: int
    fingerprint: int | None
    ms: int | None = None
    is_deleted: bool = False
    is_unplaced: bool = False
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
        kind, text, attachments, data = json.loads(stored.content)
        return is_from_webhook(data) or event.fingerprint != fingerprint(kind, text, attachments, data)
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
    is_time_new = _is_newer_time(stored, event)
    occurred_at = event.occurred_at if is_time_new else stored.occurred_at
    if stored.data.get("deleted") is True:
        return _deleted_state(stored, event, occurred_at)
    attachments, data = event_json(event)
    is_content_new = _is_newer_content(stored, event, attachments, data)
    if not is_content_new and not is_time_new:
        return None
    if is_content_new:
        kind = stored.kind if event.kind == UNKNOWN else event.kind
        text = stored.text if _is_recent(stored.data.get("edited_at")) else event.text
        data |= _kept(stored.data)
        header = event.header and event.header.key
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
        "change": _change(stored, event, text, attachments, data) if is_content_new else None,
    }


def _deleted_state(stored: StoredState, event: EventRow, occurred_at: datetime) -> dict[str, Any] | None:
    """A message that its sender has taken back gets nothing but the side and the time."""
    kind = event.kind if stored.kind == UNKNOWN else stored.kind
    data = {name: value for name, value in stored.data.items() if name != "source"}
    _set_time_mark(data, is_unknown=not event.has_time and stored.data.get("time") == "unknown")
    if (kind, occurred_at, data) == (stored.kind, stored.occurred_at, stored.data):
        return None
    return {
        "id": stored.id,
        "kind": kind,
        "text": "",
        "attachments": [],
        "data": data,
        "header": None,
        "new_header": None,
        "occurred_at": occurred_at.isoformat(),
        "fingerprint": None,
        "change": None,
    }


def _kept(data: dict) -> dict[str, Any]:
    """Return what the list does not replace."""
    kept = {name: data[name] for name in KEPT if name in data}
    if any(map(_is_recent, data.get("reacted_at", {}).values())):
        kept["reactions"] = data.get("reactions", [])
    return kept


def _is_recent(time: str | None) -> bool:
    return time is not None and timezone.now() - datetime.fromisoformat(time) < READ_BEFORE


def _is_newer_content(stored: StoredState, event: EventRow, attachments: list, data: dict) -> bool:
    """A state that shows nothing does not replace one that does: Facebook hides content in some regions."""
    if event.fingerprint is None:
        return False
    if is_from_webhook(stored.data):
        return True
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


def _change(
    stored: StoredState, event: EventRow, text: str, attachments: list, data: dict
) -> dict[str, Any] | None:
    """Return the `data` of the event about the change: the message, what changed, and the earlier text.

    None if only the sender is another one, which is our correction, or if a list shows the same message in
    another form than the webhook.
    """
    pairs: dict[str, tuple[Any, Any]] = {"text": (stored.text, text)}
    if not is_from_webhook(stored.data):
        before, after = (each | plain_references(each) for each in (stored.data, data))
        pairs |= {
            "attachments": (stored.attachments, attachments),
            **{name: (before.get(name), after.get(name)) for name in STATE_FIELDS},
        }
    elif not stored.text:
        return None
    changed = [name for name, (old, new) in pairs.items() if old != new]
    if not changed:
        return None
    change = {"message": event.graph_id, "changed": changed}
    return change | {"before": stored.text} if "text" in changed else change
