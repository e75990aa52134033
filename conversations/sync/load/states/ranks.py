"""The place of messages within one second: lists show no smaller unit, but an order.

An answer is a part of the thread without gaps, so it says how its messages stand to each other, and that the
stored messages of the same second that it does not show come before or after all of them.

Webhooks tell milliseconds. They refine the time, but never contradict the order of a list: there a message
whose milliseconds would place it before its predecessor gets the time of that one, and so does one of which
only the second is known.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from conversations.sync.load.event_row import EventRow, with_place
from conversations.sync.load.states.event_states import StoredEvent

Pair = tuple[EventRow, StoredEvent | None]  # a received message, and the stored one, if any
Held = Mapping[datetime, Mapping[str, StoredEvent]]  # the stored messages of a second, by message ID


class Place(NamedTuple):
    """Where a message stands: messages of equal times are ordered by rank."""

    rank: int
    occurred_at: datetime


class Ranking(NamedTuple):
    """The received events that are new, in their places, and the stored ones (by primary key) that move."""

    new: list[EventRow]
    moved: dict[int, Place]


def rank_events(pairs: Sequence[Pair], read_held: Callable[[], Held], newer_id: str | None = None) -> Ranking:
    """Rank the messages of one answer, oldest first, among the stored ones of the same seconds.

    `read_held()` has at least the messages of the first and the last second. `newer_id` is the message that
    directly precedes the newest of this answer; None: there is none, or it is of another second.
    """
    if newer_id is None and _is_in_order(pairs):
        return Ranking([], {})
    held = read_held()
    places: dict[str, Place] = {}
    moved: dict[int, Place] = {}
    for second, group in _by_second(pairs).items():
        stored = held.get(second, {})
        shown = [event.graph_id for event, _ in group]
        known = dict(stored) | {event.graph_id: before for event, before in group if before}
        order = _order(shown, known, in_order(stored), newer_id)
        if any(name not in known for name in order) or not _stand_in([known[name] for name in order], second):
            times = {name: own_time(known[name], second) for name in known}
            times |= {
                event.graph_id: event.occurred_at for event, before in group if _has_new_time(before, second)
            }
            found = places_of(order, times)
            places |= found
            moved |= moved_of(found, known)
    new = [with_place(event, *places[event.graph_id]) for event, before in pairs if before is None]
    return Ranking(new, moved)


def places_of(order: Sequence[str], times: Mapping[str, datetime]) -> dict[str, Place]:
    """Return the places of messages of one second, oldest first, each of which has a time of its own."""
    places: dict[str, Place] = {}
    latest: datetime | None = None
    for rank, name in enumerate(order):
        latest = times[name] if latest is None else max(latest, times[name])
        places[name] = Place(rank, latest)
    return places


def moved_of(places: Mapping[str, Place], known: Mapping[str, StoredEvent]) -> dict[int, Place]:
    """Return the places of stored messages that stand elsewhere, by their primary keys."""
    return {
        known[name].id: place
        for name, place in places.items()
        if name in known and (known[name].rank, known[name].occurred_at) != place
    }


def whole_second(time: datetime) -> datetime:
    return time.replace(microsecond=0)


def own_time(stored: StoredEvent, second: datetime) -> datetime:
    """Return the time that a stored message has alone: it may have got that of its predecessor."""
    return second if stored.ms is None else second + timedelta(milliseconds=stored.ms)


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


def _order(
    shown: list[str], known: Mapping[str, StoredEvent], stored: list[str], newer_id: str | None
) -> list[str]:
    unplaced = {name for name in stored if known[name].is_unplaced and name not in shown}
    order = merge_order(shown, [name for name in stored if name not in unplaced], newer_id)
    if not unplaced:
        return order
    has_ms = {name for name, event in known.items() if event.ms is not None}
    times = {name: own_time(known[name], whole_second(known[name].occurred_at)) for name in has_ms}
    return insert_by_time(order, unplaced, times, has_ms)


def insert_by_time(
    order: list[str], unplaced: Collection[str], times: Mapping[str, datetime], has_ms: Collection[str]
) -> list[str]:
    """Return the order with these messages: by their milliseconds, if they are known, else as the newest."""
    result = list(order)
    for name in sorted(unplaced, key=lambda name: (times[name], name)):
        exact = [place for place, other in enumerate(result) if other in has_ms]
        earlier = [place for place in exact if times[result[place]] <= times[name]]
        place = earlier[-1] + 1 if earlier else min(exact, default=0)
        result.insert(place if name in has_ms else len(result), name)
    return result


def _is_in_order(pairs: Sequence[Pair]) -> bool:
    """Whether all messages are stored, in this order: the usual case."""
    last: StoredEvent | None = None
    for event, before in pairs:
        if before is None or whole_second(before.occurred_at) != whole_second(event.occurred_at):
            return False
        if last is not None and not _is_increasing([last, before]) and _is_same_second(last, before):
            return False
        last = before
    return True


def _has_new_time(before: StoredEvent | None, second: datetime) -> bool:
    """Whether the answer tells the first time of the message, or another. Milliseconds of a webhook stay."""
    return before is None or (before.ms is None and whole_second(before.occurred_at) != second)


def _stand_in(events: Sequence[StoredEvent], second: datetime) -> bool:
    """Whether they stand in this order, in that second: one may come from another, with its rank there."""
    return _is_increasing(events) and all(whole_second(event.occurred_at) == second for event in events)


def _is_increasing(events: Sequence[StoredEvent]) -> bool:
    keys = [(event.occurred_at, event.rank, event.id) for event in events]
    return all(one < other for one, other in pairwise(keys))


def _is_same_second(one: StoredEvent, other: StoredEvent) -> bool:
    return whole_second(one.occurred_at) == whole_second(other.occurred_at)


def in_order(stored: Mapping[str, StoredEvent]) -> list[str]:
    """Return the IDs of stored messages of one second, oldest first."""
    return sorted(stored, key=lambda name: (stored[name].occurred_at, stored[name].rank, stored[name].id))


def _by_second(pairs: Sequence[Pair]) -> dict[datetime, list[Pair]]:
    groups: dict[datetime, list[Pair]] = {}
    for event, before in pairs:
        groups.setdefault(_second(event, before), []).append((event, before))
    return groups


def _second(event: EventRow, before: StoredEvent | None) -> datetime:
    """Return the second in which the message stands: a stored time is not replaced by the thread's."""
    if before is None or event.has_time or event.has_neighbor:
        return whole_second(event.occurred_at)
    return whole_second(before.occurred_at)
