"""The call budget: decides when the next request of a Page and platform may start."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

# A little slower than the limit: the third request must not arrive within a second of the first, although a
# busy process may send that one some hundredths of a second after its start.
MARGIN = 1.05


class Budget(Protocol):
    """Gives out the start times of requests for one Page and platform, to all who make them."""

    def reserve(self, gap: float) -> float:
        """Reserve the next free start, `gap` seconds after the previous one. Return the seconds until it.

        While the budget is closed, the start is after the end of the closure. It counts the request.
        """

    def count_call(self) -> None:
        """Count a request that waits for no start."""

    def close(self, seconds: float, reason: str) -> None:
        """Allow no request for this time. A shorter closure never shortens a longer one."""

    def count_failure(self, outcome: str) -> None:
        """Count a request that has failed: `throttled`, `transient` or `refused`."""


class ProcessBudget:
    """The budget of one process. It allows no bursts: unused starts are not saved."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic):
        self._clock, self._next, self._lock = clock, 0.0, threading.Lock()

    def reserve(self, gap: float) -> float:
        with self._lock:
            now = self._clock()
            start = max(now, self._next)
            self._next = start + gap
            return start - now

    def close(self, seconds: float, reason: str) -> None:
        with self._lock:
            self._next = max(self._next, self._clock() + seconds)

    def count_call(self) -> None:
        """Count nothing: nobody asks."""

    def count_failure(self, outcome: str) -> None:
        """Count nothing, either."""
