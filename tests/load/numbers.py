"""What was measured in the server, in numbers: latencies by kind, their parts, memory, statements."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from tests.benchmarks.live import percentile

LISTS = ("list", "search", "search in messages")
PARTS = ("queue", "lock", "sql", "processor", "waited", "after")
SLICE_SECONDS = 10  # of the chart of latencies


@dataclass(frozen=True)
class Latency:
    """Milliseconds of one kind of request in the server, and the mean of each of their parts."""

    kind: str
    number: int
    p50: float
    p95: float
    p99: float
    maximum: float
    parts: dict[str, float]
    statements: float


def latencies(requests: Sequence[dict[str, Any]]) -> list[Latency]:
    kinds = sorted({row["kind"] for row in requests}, key=lambda kind: (kind not in LISTS, kind))
    return [latency(kind, [row for row in requests if row["kind"] == kind]) for kind in kinds]


def latency(kind: str, rows: Sequence[dict[str, Any]]) -> Latency:
    seconds = [row["seconds"] for row in rows]
    p50, p95, p99 = (1000 * percentile(seconds, part) for part in (0.5, 0.95, 0.99))
    measured = [row for row in rows if "queue" in row]
    parts = {part: 1000 * mean(row[part] for row in measured) for part in PARTS} if measured else {}
    statements = mean(row["statements"] for row in measured) if measured else 0.0
    return Latency(kind, len(rows), p50, p95, p99, 1000 * max(seconds), parts, statements)


def p95(requests: Iterable[dict[str, Any]], *kinds: str) -> float:
    """Milliseconds; 0 where there is none of these."""
    seconds = [row["seconds"] for row in requests if row["kind"] in kinds]
    return 1000 * percentile(seconds, 0.95) if seconds else 0.0


def by_slice(
    requests: Sequence[dict[str, Any]], started: float, *kinds: str
) -> Iterator[tuple[float, float]]:
    """Yield (seconds since the start, p95 in milliseconds) of each slice that has such a request."""
    slices: dict[int, list[dict[str, Any]]] = {}
    for row in requests:
        slices.setdefault(int((row["at"] - started) // SLICE_SECONDS), []).append(row)
    for place, rows in sorted(slices.items()):
        if value := p95(rows, *kinds):
            yield place * SLICE_SECONDS, value


def growth(memory: Sequence[tuple[float, float]], start: float, end: float) -> tuple[float, float]:
    """Return the most MB of the second quarter of the time and of the last one."""
    quarter = (end - start) / 4

    def most(first: float, last: float) -> float:
        return max((mb for at, mb in memory if first <= at <= last), default=0.0)

    return most(start + quarter, start + 2 * quarter), most(end - quarter, end)
