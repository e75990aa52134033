"""Turns the rows of the old tables into those that are staged. The functions run no query.

What the old application invented is dropped here: it wrote events where it knew of no message, and offered to
make up a history. Only an event with the Facebook ID of a message is true.
"""

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import orjson

from conversations.imports.legacy.source import Row
from conversations.lib.folding import fold
from conversations.lib.names import is_placeholder
from conversations.models import InteractionEvent

SELF_TEST = re.compile(r"(?:concurrent_)?test_", re.IGNORECASE)
PERSON_ID = re.compile(r"[0-9]{1,32}", re.ASCII)
MAX_ID, MAX_NAME, MAX_TEXT = 500, 500, 20_000
TRUE = ("t", "true")
EVENT_TYPES = frozenset(
    [
        "message_sent",
        "message_delivered",
        "message_opened",
        "message_clicked",
        "message_replied",
        "call_initiated",
        "call_completed",
        "meeting_scheduled",
        "meeting_attended",
    ]
)
Kind = InteractionEvent.Kind
# A time as PostgreSQL writes it, which it reads again; not all that ISO 8601 allows.
USUAL_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
    r"[+-](?:0[0-9]|1[0-5])(?::[0-9]{2})?",
    re.ASCII,
)


def as_time(text: str | None) -> str | None:
    """Return a time in a form that PostgreSQL reads; None if it is none."""
    try:
        time = datetime.fromisoformat(text or "")
        if text and USUAL_TIME.fullmatch(text):
            return text
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # also infinity, and years before Christ
        return None


def as_id(text: str | None) -> str:
    return (text or "").strip().lower()[:MAX_ID]


def conversation(row: Row) -> Row:
    """Return the staged row of a conversation, with the problem because of which it is left out."""
    legacy_id, page_key, sender_id, name, text, time, status, created_at, updated_at = row
    sender_id, page_key = (sender_id or "").strip()[:MAX_ID], as_id(page_key)
    name, text = (name or "").strip()[:MAX_NAME], (text or "")[:MAX_TEXT]
    is_named = not is_placeholder(name, sender_id)
    return (
        as_id(legacy_id),
        page_key,
        sender_id,
        name,
        str(is_named),
        fold(name),
        text,
        fold(text),
        as_time(time),
        str(status == "blocked"),
        as_time(updated_at) or as_time(created_at),
        problem_of(sender_id, page_key),
    )


def problem_of(sender_id: str, page_key: str) -> str | None:
    """Return why a conversation is nobody's, as far as its IDs tell."""
    if SELF_TEST.match(sender_id) or SELF_TEST.match(page_key):
        return "self_test"
    return None if PERSON_ID.fullmatch(sender_id) else "stranger"


def conversation_tag(row: Row) -> Row:
    legacy_id, conversation_id, tag_id, created_at = row
    owner, tag = as_id(conversation_id), as_id(tag_id)
    return as_id(legacy_id) or f"{owner} {tag}", owner, tag, as_time(created_at)


def opportunity(row: Row) -> Row:
    """Return the staged row of what people wrote into a pipeline: a note, and a stage that they chose."""
    legacy_id, conversation_id, stage_id, is_manual, chosen_at, notes, created_at, updated_at = row
    owner, time = as_id(conversation_id), as_time(updated_at) or as_time(created_at)
    return (
        as_id(legacy_id) or owner,
        owner,
        f"stage:{as_id(stage_id)}" if is_manual in TRUE and stage_id else None,
        as_time(chosen_at) or time,
        (notes or "").strip() or None,
        time,
    )


def event(row: Row, dropped: Counter[tuple[str, str]]) -> Row | None:
    """Return the staged row of a true event; None for another, which is counted by kind and reason."""
    legacy_id, conversation_id, event_type, time, is_outbound, raw = row
    metadata, occurred_at = read_metadata(raw), as_time(time)
    graph_id = metadata.get("message_id") if metadata else None
    reason = untrue(raw, metadata) or (None if occurred_at else "no_time")
    if reason:
        dropped[event_type if event_type in EVENT_TYPES else "other", reason] += 1
        return None
    side = Kind.MESSAGE_UNKNOWN if is_outbound is None else Kind.MESSAGE_RECEIVED
    kind = Kind.MESSAGE_SENT if is_outbound in TRUE else side
    return (
        as_id(legacy_id),
        as_id(conversation_id),
        event_type,
        str(graph_id).strip(),
        occurred_at,
        kind.value,
    )


def read_metadata(raw: str | None) -> dict[str, Any] | None:
    try:
        value = orjson.loads(raw or "null")
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def untrue(raw: str | None, metadata: dict[str, Any] | None) -> str | None:
    """Return why an event tells of no message at Facebook; None if it does."""
    if metadata is None:
        return "unreadable_metadata" if raw and raw != "null" else "no_metadata"
    graph_id = metadata.get("message_id")
    if isinstance(graph_id, str) and graph_id.strip():
        return None if len(graph_id) <= MAX_ID and "\x00" not in graph_id else "wrong_message_id"
    if graph_id is not None and not isinstance(graph_id, str):
        return "wrong_message_id"
    return invention(metadata) or ("no_message_id" if graph_id is None else "empty_message_id")


def invention(metadata: dict[str, Any]) -> str | None:
    if metadata.get("seeded") is True:
        return "seeded"
    if metadata.get("test") is True:
        return "test"
    return "fallback" if str(metadata.get("source")).endswith("fallback") else None
