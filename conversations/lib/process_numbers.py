"""Counts what this process does: plain additions, so that a request costs nothing more.

`conversations.monitoring` reads them; it also knows what the names mean.
"""

import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import accumulate

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # seconds; a last one has all above
Labels = tuple[str, ...]


class ProcessNumbers:
    """Counters, histograms of seconds, and gauges, each by its name and the values of its labels."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: Counter[tuple[str, Labels]] = Counter()
        self._histograms: dict[tuple[str, Labels], list[float]] = {}
        self._gauges: dict[tuple[str, Labels], Callable[[], float]] = {}

    def count(self, name: str, *labels: str) -> None:
        with self._lock:
            self._counters[name, labels] += 1

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        with self._lock:
            numbers = self._histograms.setdefault((name, labels), [0.0] * (len(BUCKETS) + 2))
            numbers[bisect_left(BUCKETS, seconds)] += 1
            numbers[-1] += seconds

    def gauge(self, name: str, read: Callable[[], float], *labels: str) -> None:
        """Ask this function for the number, whenever somebody wants to know it."""
        self._gauges[name, labels] = read

    def snapshot(self) -> dict[str, list]:
        """Return all numbers as JSON: a single one as [name, labels, number], a histogram as [name, labels,
        how many took up to each of BUCKETS and in all, their sum in seconds].
        """
        with self._lock:
            counters = list(self._counters.items())
            histograms = [(*key, list(numbers)) for key, numbers in self._histograms.items()]
        return {
            "counters": [[name, [*labels], number] for (name, labels), number in counters],
            "histograms": [
                [name, [*labels], list(accumulate(numbers[:-1])), numbers[-1]]
                for name, labels, numbers in histograms
            ],
            "gauges": [*self._read_gauges()],
        }

    def _read_gauges(self) -> Iterator[list]:
        for (name, labels), read in list(self._gauges.items()):
            yield [name, [*labels], read()]


numbers = ProcessNumbers()


def count_refusal(reason: str) -> None:
    """Count a request that a limit has refused: `busy`, `too_many`, `too_large`, `too_slow`, …"""
    numbers.count("inbox_http_requests_refused", reason)
