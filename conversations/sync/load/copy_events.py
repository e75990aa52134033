"""Inserts messages by COPY, the fastest way. The unique key still rejects duplicates.

Measured in batches of 2,500: the ORM's insert takes five times as long, most of it in Python.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from psycopg.sql import SQL

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.sync.load.event_row import COLUMNS, EventRow
from conversations.sync.load.event_row import TABLE as EVENTS
from conversations.sync.load.states.event_states import StoredEvent
from conversations.sync.load.states.headers import insert_headers
from conversations.sync.load.states.ranks import Place, whole_second
from conversations.sync.transaction import is_value_error, sqlstate

CHUNK_BYTES = 256 * 1024  # sent at once
STATEMENTS = read_statements(__file__)
INSERT_STAGED = SQL(STATEMENTS["insert_staged"]).format(columns=SQL(COLUMNS))
EMPTY_COPY = f"SELECT {COLUMNS} FROM {EVENTS} WITH NO DATA"  # noqa: S608 - constants

OwnedEvent = tuple[int, EventRow]  # the primary key of its conversation, and the event
OwnedEvents = tuple[int, Iterable[EventRow]]


class CopyResult(NamedTuple):
    """The events that were not inserted: stored already, or rejected by PostgreSQL."""

    existing: list[OwnedEvent]
    refused: list[OwnedEvent]


def copy_events(events: Iterable[OwnedEvents], table: str = EVENTS) -> None:
    """Insert the events in this order, oldest first: of equal times, the higher ID is the newer.

    Raises IntegrityError if one exists already, and DataError or OperationalError if PostgreSQL rejects a
    value. The transaction is aborted then. The caller inserts the headers.
    """
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy,
    ):
        for chunk in _chunks(events):
            copy.write(chunk)


def insert_events(events: Sequence[OwnedEvent]) -> CopyResult:
    """Insert the events that do not exist yet. A rejected value costs only its own event."""
    if not events:
        return CopyResult([], [])
    try:
        return CopyResult(_copy_new(events), [])
    except (DataError, OperationalError) as error:
        if not is_value_error(error):
            raise
        if len(events) == 1:
            return CopyResult([], list(events))
        middle = len(events) // 2
        first, second = insert_events(events[:middle]), insert_events(events[middle:])
        return CopyResult(first.existing + second.existing, first.refused + second.refused)


class StoredMessages:
    """The stored messages that some conversations have in common with received ones."""

    def __init__(self, rows: Iterable[tuple]):
        self._by_owner: dict[int, dict[str, StoredEvent]] = {}
        for owner, graph_id, *rest in rows:
            self._by_owner.setdefault(owner, {}).setdefault(graph_id, StoredEvent(*rest))

    def find(self, owners: Iterable[int], graph_id: str) -> StoredEvent | None:
        """Return the message of the first of these conversations that has it."""
        found = (self._by_owner.get(owner, {}).get(graph_id) for owner in owners)
        return next((event for event in found if event), None)

    def by_second(self, owner: int) -> dict[datetime, dict[str, StoredEvent]]:
        seconds: dict[datetime, dict[str, StoredEvent]] = {}
        for graph_id, event in self._by_owner.get(owner, {}).items():
            seconds.setdefault(whole_second(event.occurred_at), {})[graph_id] = event
        return seconds


def stored_messages(received: Iterable[OwnedEvents]) -> StoredMessages:
    """Return those of the messages that are stored, and all of the first and last second of each list."""
    pairs: list[tuple[int, str]] = []
    seconds: set[tuple[int, str]] = set()
    for owner, owned in received:
        events = list(owned)
        pairs += [(owner, event.graph_id) for event in events]
        seconds |= {(owner, whole_second(each.occurred_at).isoformat()) for each in events[:1] + events[-1:]}
    if not pairs:
        return StoredMessages([])
    with connection.cursor() as cursor:
        keys = {"pairs": as_json(pairs), "seconds": as_json(list(seconds))}
        cursor.execute(STATEMENTS["stored_messages"], keys)
        return StoredMessages(cursor.fetchall())


def move_events(places: Mapping[int, Place]) -> None:
    """Give stored messages, by their primary keys, other places within their second."""
    if places:
        moved = [[pk, place.rank, place.occurred_at.isoformat()] for pk, place in places.items()]
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["move_events"], {"moved": as_json(moved)})


def claim_messages(source: int, owner: int, events: Sequence[EventRow]) -> set[str]:
    """Move these messages from one conversation to another that has none of them. Return those moved."""
    with connection.cursor() as cursor:
        messages = as_json([[event.graph_id, event.kind] for event in events])
        cursor.execute(STATEMENTS["claim_messages"], {"owner": owner, "messages": messages, "source": source})
        return {graph_id for (graph_id,) in cursor.fetchall()}


def _copy_new(events: Sequence[OwnedEvent]) -> list[OwnedEvent]:
    """Copy the events into the table. Return those that exist already.

    The caller has removed the events that it knew of, so that a conflict is rare. Only then all events go
    through a temporary table.
    """
    try:
        with transaction.atomic():
            insert_headers({(owner, event.header): None for owner, event in events})
            copy_events(_one_by_one(events))
            return []
    except IntegrityError as error:
        if sqlstate(error) != "23505":
            raise
    return _insert_missing(events)


@transaction.atomic
def _insert_missing(events: Sequence[OwnedEvent]) -> list[OwnedEvent]:
    """Insert the events through a temporary table. Return those that exist already."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE staged_events ON COMMIT DROP AS {EMPTY_COPY}")
        insert_headers({(owner, event.header): None for owner, event in events})
        copy_events(_one_by_one(events), "staged_events")
        cursor.execute(INSERT_STAGED)
        new = set(cursor.fetchall())
        cursor.execute("DROP TABLE staged_events")
    existing = []
    for owner, event in events:
        if (owner, event.graph_id) in new:
            new.remove((owner, event.graph_id))  # a repetition in this batch was not inserted
        else:
            existing.append((owner, event))
    return existing


def _one_by_one(events: Iterable[OwnedEvent]) -> Iterable[OwnedEvents]:
    return ((owner, [event]) for owner, event in events)


def _chunks(events: Iterable[OwnedEvents]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for owner, owned in events:
        first_column = b"%d\t" % owner
        lines = first_column + first_column.join([event.line for event in owned])
        chunk.append(lines)
        size += len(lines)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    yield b"".join(chunk)
