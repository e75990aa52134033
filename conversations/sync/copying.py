"""Events on the fastest exact way into their table: COPY. The unique key still judges.

Measured in batches of 2,500: the ORM's insert takes five times as long, most of it in Python.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from conversations.sync.events import COLUMNS, EventRow
from conversations.sync.events import TABLE as EVENTS
from conversations.text import as_json

CHUNK_BYTES = 256 * 1024  # of what is sent at once
NOTHING = f"SELECT {COLUMNS} FROM {EVENTS} WITH NO DATA"  # noqa: S608 - constants

OwnedEvent = tuple[int, EventRow]  # the conversation's primary key, and what happened in it
OwnedEvents = tuple[int, Iterable[EventRow]]


class Written(NamedTuple):
    """What was not inserted: what somebody else had stored meanwhile, and what PostgreSQL cannot hold."""

    known: list[OwnedEvent]
    refused: list[OwnedEvent]


def copy_events(events: Iterable[OwnedEvents], table: str = EVENTS) -> None:
    """Inserts them, oldest first, so that among equals the higher id is the newer.

    One that is there already raises IntegrityError; one that PostgreSQL refuses, DataError or
    OperationalError: the transaction is over.
    """
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy,
    ):
        for chunk in _chunks(events):
            copy.write(chunk)


def insert_events(events: Sequence[OwnedEvent]) -> Written:
    """The same, but what is there already is left alone, and what PostgreSQL refuses costs itself alone."""
    if not events:
        return Written([], [])
    try:
        return Written(_copy_new(events), [])
    except (DataError, OperationalError) as error:
        if not is_about_a_value(error):
            raise
        if len(events) == 1:
            return Written([], list(events))
        middle = len(events) // 2
        first, second = insert_events(events[:middle]), insert_events(events[middle:])
        return Written(first.known + second.known, first.refused + second.refused)


def is_about_a_value(error: Exception) -> bool:
    """DataError, or an index entry that is too long (54000): the record is the reason, not the database."""
    return isinstance(error, DataError) or _sqlstate(error) == "54000"


def held_messages(keys: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of these (conversation, message id) we hold."""
    pairs = list(keys)
    if not pairs:
        return set()
    with connection.cursor() as cursor:
        # A join over pairs: two IN lists would probe the index for each combination of them. As JSON,
        # because the driver takes longer to write an array of texts than the server to look them up.
        cursor.execute(
            "SELECT event.conversation_id, event.graph_id FROM json_array_elements(%s::json) AS wanted"
            " JOIN conversations_interactionevent event"
            " ON event.conversation_id = (wanted->>0)::bigint AND event.graph_id = wanted->>1",
            [as_json(pairs)],
        )
        return set(cursor.fetchall())


def _copy_new(events: Sequence[OwnedEvent]) -> list[OwnedEvent]:
    """Copies them straight into the table; returns those that were there, where there were any.

    The caller asked before what is there, so that a conflict is rare: only then all go the longer way.
    """
    try:
        with transaction.atomic():
            copy_events(_each(events))
            return []
    except IntegrityError as error:
        if _sqlstate(error) != "23505":
            raise
    return _insert_missing(events)


@transaction.atomic
def _insert_missing(events: Sequence[OwnedEvent]) -> list[OwnedEvent]:
    """By way of a table of our own; returns those that were there."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE staged_events ON COMMIT DROP AS {NOTHING}")
        copy_events(_each(events), "staged_events")
        cursor.execute(
            f"INSERT INTO {EVENTS} ({COLUMNS}) SELECT {COLUMNS} FROM staged_events ORDER BY ctid"  # noqa: S608 - constants
            " ON CONFLICT (conversation_id, graph_id) DO NOTHING RETURNING conversation_id, graph_id"
        )
        new = set(cursor.fetchall())
        cursor.execute("DROP TABLE staged_events")
    known = []
    for owner, event in events:
        if (owner, event.graph_id) in new:
            new.remove((owner, event.graph_id))  # the same once more in this batch was not inserted
        else:
            known.append((owner, event))
    return known


def _each(events: Iterable[OwnedEvent]) -> Iterable[OwnedEvents]:
    return ((owner, [event]) for owner, event in events)


def _chunks(events: Iterable[OwnedEvents]) -> Iterator[bytes]:
    chunk: list[bytes] = []
    size = 0
    for owner, of_one in events:
        beginning = b"%d\t" % owner
        lines = beginning + beginning.join([event.line for event in of_one])
        chunk.append(lines)
        size += len(lines)
        if size >= CHUNK_BYTES:
            yield b"".join(chunk)
            chunk, size = [], 0
    yield b"".join(chunk)


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
