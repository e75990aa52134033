"""Events on the fastest exact way into their table: COPY. The unique key still judges.

Measured in batches of 2,500: the ORM's insert takes five times as long, most of it in Python.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from django.db import DataError, IntegrityError, OperationalError, connection, transaction

from conversations.sync.events import COLUMNS, EventRow
from conversations.sync.events import TABLE as EVENTS
from conversations.text import as_json

CHUNK = 500  # rows in one block of what is sent
NOTHING = f"SELECT {COLUMNS} FROM {EVENTS} WITH NO DATA"  # noqa: S608 - constants

OwnedEvent = tuple[int, EventRow]  # the conversation's primary key, and what happened in it


class Written(NamedTuple):
    """What was not inserted: what somebody else had stored meanwhile, and what PostgreSQL cannot hold."""

    known: list[OwnedEvent]
    refused: list[OwnedEvent]


def insert_events(events: Sequence[OwnedEvent], *, carefully: bool = True) -> Written:
    """Inserts them, oldest first, so that among equals the higher id is the newer.

    What is there already is left alone. A message that PostgreSQL refuses costs that message alone.
    Not `carefully`: either raises (IntegrityError, DataError, OperationalError), the transaction is over.
    """
    if not carefully:
        _copy(EVENTS, events)
    if not events or not carefully:
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
            _copy(EVENTS, events)
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
        _copy("staged_events", events)
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


def _copy(table: str, events: Sequence[OwnedEvent]) -> None:
    if not events:
        return
    with (
        connection.wrap_database_errors,
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({COLUMNS}) FROM STDIN") as copy,
    ):
        for start in range(0, len(events), CHUNK):
            copy.write(_lines(events[start : start + CHUNK]).encode())


def _lines(events: Sequence[OwnedEvent]) -> str:
    written = []
    for owner, of_one in groupby(events, key=itemgetter(0)):
        beginning = f"{owner}\t"
        written.append(beginning + beginning.join([event.line for _, event in of_one]))
    return "".join(written)


def _sqlstate(error: Exception) -> str:
    return getattr(error.__cause__, "sqlstate", None) or ""
