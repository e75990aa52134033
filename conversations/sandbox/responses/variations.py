"""Forms of one answer that differ although it says the same: times, and the order of what is equal."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import groupby
from random import Random
from typing import Any
from zlib import crc32

from conversations.sandbox.clock import graph_time
from conversations.sandbox.data.history import Message


def _iso(text: str, hours: float = 0) -> Callable[[int], str]:
    zone = timezone(timedelta(hours=hours)) if hours else UTC
    return lambda seconds: datetime.fromtimestamp(seconds, zone).strftime(text)


TIME_FORMATS: dict[str, Callable[[int], Any]] = {
    "graph": graph_time,
    "colon": _iso("%Y-%m-%dT%H:%M:%S+00:00"),
    "Z": _iso("%Y-%m-%dT%H:%M:%SZ"),
    "no offset": _iso("%Y-%m-%dT%H:%M:%S"),
    "east": _iso("%Y-%m-%dT%H:%M:%S%z", 5.5),
    "west": _iso("%Y-%m-%dT%H:%M:%S%z", -8),
    "milliseconds in text": _iso("%Y-%m-%dT%H:%M:%S.000+0000"),
    "seconds": lambda seconds: seconds,
    "seconds as text": str,
    "milliseconds": lambda seconds: seconds * 1000,
    "milliseconds as text": lambda seconds: str(seconds * 1000),
    "missing": lambda seconds: None,
}
MIXED = [form for form in TIME_FORMATS if form != "missing"]


def written_time(epoch: float, form: str, id: str) -> Any:
    """A time in one of TIME_FORMATS; "mixed": each item in one of them, always the same. None: left out."""
    if form == "mixed":
        form = MIXED[crc32(id.encode()) % len(MIXED)]
    return TIME_FORMATS[form](int(epoch))


def reordered_seconds(
    items: Sequence[tuple[int, Message]], order: str, number: int
) -> list[tuple[int, Message]]:
    """Messages of one second in another order: "reversed", or "varies" with the number of the answer.

    Only within one answer, so that its cursors lead to no gap."""
    if order == "stable":
        return list(items)
    return [item for second in _seconds(items) for item in _permuted(second, order, number)]


def _seconds(items: Iterable[tuple[int, Message]]) -> Iterable[list[tuple[int, Message]]]:
    return (list(group) for _, group in groupby(items, key=lambda item: int(item[1].created_time)))


def _permuted(items: list[tuple[int, Message]], order: str, number: int) -> list[tuple[int, Message]]:
    if order == "varies":
        return Random(number).sample(items, len(items))
    return items[::-1]


def reordered_people(people: dict[str, Any], order: str, number: int) -> dict[str, Any]:
    """Participants with the business first, or at random by the number of the answer."""
    if order == "customer first" or (order == "varies" and Random(number).random() < 0.5):
        return people
    return {**people, "data": people["data"][::-1]}
