"""Even spacing of calls."""

import time
from collections.abc import Callable

# A little slower than the cap: an early arrival within Facebook's second would be refused.
MARGIN = 1.03


class Pace:
    """Lets calls start evenly, without bursts; 0 calls per second means no cap."""

    def __init__(self, calls_per_second: float, *, sleep: Callable[[float], None] = time.sleep):
        self._gap = MARGIN / calls_per_second if calls_per_second else 0.0
        self._next, self._sleep = 0.0, sleep

    def wait(self) -> None:
        """Returns when the next call may start."""
        if not self._gap:
            return
        now = time.monotonic()
        if now < self._next:
            self._sleep(self._next - now)
            now = time.monotonic()
        self._next = now + self._gap
