"""The search in the text of all messages.

A sync only says which conversations have new messages (a trigger does, migrations/0012_messages.py): it does
not wait for the index. A job, and whoever searches before it, folds them into parts: some messages of one
conversation in a row. An index holds the keys of each part. The same queue and job keep the numbers about
messages (shares.py).
"""

import time
from collections import Counter, defaultdict

from django.db import connection, transaction

from conversations.reading.finding import escaped
from conversations.reading.selection import Selection
from conversations.reading.shares import fold_shares
from conversations.reading.sql import Sql, rows
from conversations.reading.tables import MessagePart, MessageQueue
from conversations.text import fold

BETWEEN = "\x1f"  # stands between two messages of a part
PART_LETTERS = 8000
AT_ONCE = 200  # conversations in one transaction
CATCH_UP_SECONDS = 2.0
FOLDERS = 3  # the advisory lock of who folds: apart from those of locks.py
AROUND = 60  # letters of a snippet on each side

QUEUED = (
    "DELETE FROM conversations_messagequeue WHERE id IN"
    " (SELECT id FROM conversations_messagequeue ORDER BY id LIMIT %s) RETURNING conversation_id, is_changed"
)
NEW = (
    "SELECT e.conversation_id, c.page_id, e.id, e.text"
    " FROM unnest(%s::bigint[], %s::bigint[]) AS known(conversation_id, event_id)"
    " JOIN conversations_interactionevent e ON e.conversation_id = known.conversation_id AND e.id > event_id"
    " JOIN conversations_conversation c ON c.id = e.conversation_id"
    " WHERE e.kind IN ('message_received', 'message_sent', 'message_unknown') AND e.text <> ''"
    " ORDER BY e.conversation_id, e.id"
)
MATCHES = (
    "SELECT p.conversation_id, (p.event_ids->>(said.number::integer - 1))::bigint"
    " FROM conversations_messagepart p, string_to_table(p.text, %s) WITH ORDINALITY AS said(text, number)"
    " WHERE p.conversation_id = ANY(%s::bigint[]) AND said.text LIKE %s"
)
NEWEST = (
    "SELECT DISTINCT ON (conversation_id) conversation_id, id, occurred_at, text"
    " FROM conversations_interactionevent WHERE id = ANY(%s::bigint[])"
    " ORDER BY conversation_id, occurred_at DESC, id DESC"
)


# -- folding -----------------------------------------------------------------------------------------------
def catch_up(*, seconds: float | None = None) -> int:
    """Folds what is new, for so long at most; returns about how many conversations are left."""
    begun = time.monotonic()
    seconds = CATCH_UP_SECONDS if seconds is None else seconds
    while MessageQueue.objects.exists():
        if time.monotonic() - begun > seconds:
            return MessageQueue.objects.count()
        fold_some(AT_ONCE)
    return 0


@transaction.atomic
def fold_some(limit: int) -> None:
    with connection.cursor() as cursor:  # one at a time: two would fold the same messages
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [FOLDERS])
    queued = rows(Sql.of(QUEUED, limit))
    MessagePart.objects.filter(conversation__in=[pk for pk, is_changed in queued if is_changed]).delete()
    last = last_parts({pk for pk, _ in queued})
    known = {pk: last[pk].event_ids[-1] if pk in last else 0 for pk, _ in queued}
    parts = appended(last, rows(Sql.of(NEW, list(known), list(known.values()))))
    MessagePart.objects.bulk_create([part for part in parts if part.pk is None])
    MessagePart.objects.bulk_update([part for part in parts if part.pk], ["text", "event_ids"])
    fold_shares(known)


def last_parts(conversation_ids: set[int]) -> dict[int, MessagePart]:
    parts = MessagePart.objects.filter(conversation__in=conversation_ids)
    return {
        part.conversation_id: part
        for part in parts.order_by("conversation_id", "-number").distinct("conversation_id")
    }


def appended(last: dict[int, MessagePart], messages: list[tuple]) -> list[MessagePart]:
    """The parts that these messages change or make; `last` is moved on."""
    changed: dict[tuple[int, int], MessagePart] = {}
    for conversation_id, page_id, event_id, text in messages:
        part = last.get(conversation_id)
        if part is None or len(part.text) > PART_LETTERS:
            part = MessagePart(
                conversation_id=conversation_id,
                page_id=page_id,
                number=part.number + 1 if part else 1,
                text="",
                event_ids=[],
            )
            last[conversation_id] = part
        part.text += BETWEEN * bool(part.event_ids) + fold(text).replace(BETWEEN, " ")
        part.event_ids.append(event_id)
        changed[conversation_id, part.number] = part
    return list(changed.values())


# -- what was found ----------------------------------------------------------------------------------------
def with_matches(selection: Selection, found: list[dict]) -> list[dict]:
    """Adds `matches` to each row: how many messages match, and the newest of them around the term."""
    term = selection.search or ""
    pattern = f"%{escaped(selection)}%"
    events: defaultdict[int, list[int]] = defaultdict(list)
    for conversation_id, event_id in rows(Sql.of(MATCHES, BETWEEN, [row["id"] for row in found], pattern)):
        events[conversation_id].append(event_id)
    counts = Counter({pk: len(ids) for pk, ids in events.items()})
    every = [event_id for ids in events.values() for event_id in ids]
    newest = {pk: rest for pk, *rest in rows(Sql.of(NEWEST, every))}
    for row in found:
        event_id, occurred_at, text = newest.get(row["id"], (None, None, ""))
        row["matches"] = {
            "count": counts[row["id"]],
            "event": event_id,
            "occurred_at": occurred_at,
            "snippet": snippet(text, term),
        }
    return found


def snippet(text: str, term: str) -> str:
    """The text around the first place where the folded term stands in it."""
    lengths = [len(fold(sign)) for sign in text]
    at = fold(text).find(term)
    place = 0
    while at > 0 and place < len(lengths):
        at -= lengths[place]
        place += 1
    first, last = max(0, place - AROUND), place + len(term) + AROUND
    return "…" * (first > 0) + text[first:last] + "…" * (last < len(text))
