"""The rank of messages within one second: Facebook shows no smaller unit, but an order.

An answer is a part of the thread without gaps, so it says how its messages stand to each other, and that the
stored messages of the same second that it does not show come before or after all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from conversations.sync.load.event_row import EventRow, with_rank
from conversations.sync.load.states.event_states import StoredEvent

Pair = tuple[EventRow, StoredEvent | None]  # a received message, and the stored one, if any
Held = Mapping[datetime, Mapping[str, StoredEvent]]  # the stored messages of a second, by message ID


class Ranking(NamedTuple):
    """The received events that are new, with their ranks, and the stored ones (by primary key) that move."""

    new: list[EventRow]
    moved: dict[int, int]


def rank_events(pairs: Sequence[Pair], read_held: Callable[[], Held], newer_id: str | None = None) -> Ranking:
    """Rank the messages of one answer, oldest first, among the stored ones of the same seconds.

    `read_held()` has at least the messages of the first and the last second. `newer_id` is the message that
    directly precedes the newest of this answer; None: there is none, or it is of another second.
    """
    if newer_id is None and _is_in_order(pairs):
        return Ranking([], {})
    held = read_held()
    ranks: dict[str, int] = {}
    moved: dict[int, int] = {}
    for second, group in _by_second(pairs).items():
        stored = held.get(second, {})
        order = merge_order([event.graph_id for event, _ in group], _in_order(stored), newer_id)
        known = dict(stored) | {event.graph_id: before for event, before in group if before}
        if any(name not in known for name in order) or not _is_increasing([known[name] for name in order]):
            ranks |= {name: rank for rank, name in enumerate(order)}
            moved |= {
                known[name].id: rank
                for rank, name in enumerate(order)
                if name in known and known[name].rank != rank
            }
    new = [with_rank(event, ranks[event.graph_id]) for event, before in pairs if before is None]
    return Ranking(new, moved)


def merge_order(received: list[str], stored: list[str], newer_id: str | None = None) -> list[str]:
    """Return all messages of one second, oldest first. Both lists are oldest first, too.

    A stored message that the answer does not show is newer than all of it, if it is newer than one of them,
    else older. Between two of them it keeps its place: Facebook no longer shows it. What stands behind
    `newer_id` stays there.
    """
    shown = set(received)
    if newer_id is not None and newer_id in stored and newer_id not in shown:
        newer = [name for name in stored[stored.index(newer_id) :] if name not in shown]
        return [*merge_order(received, [name for name in stored if name not in newer]), *newer]
    first = next((place for place, name in enumerate(stored) if name in shown), None)
    if first is None:
        return [*stored, *received]
    order = stored[:first]
    waiting: list[str] = []  # the stored ones since the last that is shown
    kept: dict[str, list[str]] = {}  # by the shown message that follows
    for name in stored[first:]:
        if name in shown:
            kept[name], waiting = waiting, []
        else:
            waiting.append(name)
    for name in received:
        order += [*kept.get(name, ()), name]
    return order + waiting


def _is_in_order(pairs: Sequence[Pair]) -> bool:
    """Whether all messages are stored, in this order: the usual case."""
    last: StoredEvent | None = None
    for event, before in pairs:
        if before is None or before.occurred_at != event.occurred_at:
            return False
        if last is not None and last.occurred_at == before.occurred_at and not _is_increasing([last, before]):
            return False
        last = before
    return True


def _is_increasing(events: Sequence[StoredEvent]) -> bool:
    keys = [(event.rank, event.id) for event in events]
    return all(one < other for one, other in pairwise(keys))


def _in_order(stored: Mapping[str, StoredEvent]) -> list[str]:
    return sorted(stored, key=lambda name: (stored[name].rank, stored[name].id))


def _by_second(pairs: Sequence[Pair]) -> dict[datetime, list[Pair]]:
    groups: dict[datetime, list[Pair]] = {}
    for event, before in pairs:
        groups.setdefault(_second(event, before), []).append((event, before))
    return groups


def _second(event: EventRow, before: StoredEvent | None) -> datetime:
    """Return the second in which the message stands: a stored time is not replaced by the thread's."""
    return event.occurred_at if event.has_time or event.has_neighbor or before is None else before.occurred_at
