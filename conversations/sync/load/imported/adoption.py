"""Finds the messages of archives that a sync or a webhook brings now, so that none is stored twice.

An archive names no IDs. Its message is the received one if conversation, second, side and text are the same.
Nobody knows how Facebook rounds: one second before or after counts where the same second has none. Each row
is adopted once, and then is as if Facebook alone had shown it.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple, TypeVar

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.sync.load.event_row import EventRow

STATEMENTS = read_statements(__file__)
Key = TypeVar("Key")


class Received(NamedTuple):
    """A message that Facebook shows, with the primary key of its conversation."""

    owner: int
    graph_id: str
    kind: str
    occurred_at: datetime
    text: str


def adopt_events(owned: Iterable[tuple[int, Iterable[EventRow]]]) -> int:
    """Adopt the rows of these received events, by conversation. Return how many rows were adopted."""
    messages = [
        Received(owner, event.graph_id, event.kind, event.occurred_at, event.text)
        for owner, events in owned
        for event in events
        if event.has_time
    ]
    return len(adopt(messages))


def adopt(messages: list[Received], *, is_webhook: bool = False) -> list[Received]:
    """Give rows of archives the IDs of the messages that they are. Return these messages."""
    messages = list({(one.owner, one.graph_id): one for one in messages}.values())
    if not messages:
        return []
    with connection.cursor() as cursor:
        rows = [
            [number, one.owner, one.graph_id, one.kind, _second(one).isoformat(), one.text]
            for number, one in enumerate(messages)
        ]
        cursor.execute(STATEMENTS["candidates"], {"messages": as_json(rows)})
        rows = cursor.fetchall()
        places = {number: place for number, _, place, _ in rows if place}
        chosen = choose((number, event) for number, event, *_ in rows)
        adopted = [_adopted(messages[each], event) for each, event in chosen.items() if each not in places]
        dropped = [[event, places[each]] for each, event in chosen.items() if each in places]
        if adopted:
            cursor.execute(STATEMENTS["adopt"], {"adopted": as_json(adopted), "is_webhook": is_webhook})
        if dropped:
            cursor.execute(STATEMENTS["drop"], {"dropped": as_json(dropped)})
        return [messages[each] for each in chosen if each not in places]


def choose(candidates: Iterable[tuple[Key, int]]) -> dict[Key, int]:
    """Return a row for each, the best first as they come. No row is chosen twice."""
    chosen: dict[Key, int] = {}
    taken: set[int] = set()
    for key, row in candidates:
        if key not in chosen and row not in taken:
            chosen[key] = row
            taken.add(row)
    return chosen


def note_checks(conversation_ids: Collection[int]) -> None:
    """Note that these conversations got messages, which may prove whose an imported thread is."""
    if conversation_ids:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["note_checks"], {"ids": sorted(conversation_ids)})


def _second(message: Received) -> datetime:
    return message.occurred_at.replace(microsecond=0)


def _adopted(message: Received, event: int) -> dict:
    return {
        "id": event,
        "graph_id": message.graph_id,
        "occurred_at": message.occurred_at.isoformat(),
        "text": message.text,
    }
