"""Chooses how much to request at once: less after a failure, more again after several successes."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

SUCCESSES_TO_GROW = 5  # successes in a row before the next larger size is tried

Size = TypeVar("Size")


class AdaptiveBatchSize(Generic[Size]):
    """A list of sizes, largest first, and the level (index) in use. Safe to share between threads.

    Callers pass the level that they used, because another thread may have changed it meanwhile.
    `on_change(size)` is called with each new size.
    """

    def __init__(
        self,
        sizes: tuple[Size, ...],
        *,
        level: int = 0,
        on_change: Callable[[Size], None] = lambda size: None,
    ):
        self._sizes, self._on_change = sizes, on_change
        self.level = level
        self._successes, self._required_successes, self._has_just_grown = 0, SUCCESSES_TO_GROW, False
        self._lock = threading.Lock()

    @property
    def size(self) -> Size:
        return self._sizes[self.level]

    def size_at(self, level: int) -> Size:
        return self._sizes[level]

    def step_down(self, level: int) -> int | None:
        """Record that this level was too much. Return the level to use next, None if there is none."""
        with self._lock:
            if level >= self.level:  # else another thread has stepped down already
                self._step_down(level)
            return max(level + 1, self.level) if level + 1 < len(self._sizes) else None

    def succeeded(self, level: int) -> None:
        """Record a success at this level. After enough of them the next larger size is used."""
        with self._lock:
            if level != self.level:
                return
            self._successes, self._has_just_grown = self._successes + 1, False
            if self.level and self._successes >= self._required_successes:
                self._set_level(self.level - 1, has_grown=True)

    def _step_down(self, level: int) -> None:
        if self._has_just_grown:
            self._required_successes *= 2  # the step up came too early: the next one comes later
        self._set_level(min(level + 1, len(self._sizes) - 1), has_grown=False)

    def _set_level(self, level: int, *, has_grown: bool) -> None:
        self.level, self._successes, self._has_just_grown = level, 0, has_grown
        self._on_change(self.size)
