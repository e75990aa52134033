"""The budget of calls: when the next one may start."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

# A little slower than the cap: the third call must not arrive within a second of the first, though a busy
# process may send that one some hundredths of a second after its start.
MARGIN = 1.05


class Budget(Protocol):
    """Starts of calls for one Page and platform, whoever makes them."""

    def reserve(self, gap: float) -> float:
        """Takes the next free start, `gap` seconds after the one before; the seconds until it.

        While the budget is closed, the start lies behind the closing.
        """

    def close(self, seconds: float, reason: str) -> None:
        """Nobody calls for so long. A shorter closing never shortens a longer one."""


class ProcessBudget:
    """The budget of one process: without bursts, for what was not used is not saved."""

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
