"""How much to ask for at once: less at once where it was too much, more again slowly."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

PATIENCE = 5  # answers in a row before the next larger size is tried

Size = TypeVar("Size")


class Ladder(Generic[Size]):
    """The sizes, largest first, and on which rung we are. Shared by the threads that ask.

    Each of them names the rung that it asked with, for meanwhile another may have moved.
    """

    def __init__(
        self, sizes: tuple[Size, ...], *, rung: int = 0, remember: Callable[[Size], None] = lambda size: None
    ):
        self._sizes, self._remember = sizes, remember
        self.rung = rung
        self._borne, self._patience, self._climbed = 0, PATIENCE, False
        self._lock = threading.Lock()

    @property
    def size(self) -> Size:
        return self._sizes[self.rung]

    def at(self, rung: int) -> Size:
        return self._sizes[rung]

    def down(self, rung: int) -> int | None:
        """This rung was too much: the one to ask with now; None where there is none."""
        with self._lock:
            if rung >= self.rung:  # else another has stepped down already
                self._step_down(rung)
            return max(rung + 1, self.rung) if rung + 1 < len(self._sizes) else None

    def bore(self, rung: int) -> None:
        """Facebook bore this rung; after enough such answers the next larger one is tried."""
        with self._lock:
            if rung != self.rung:
                return
            self._borne, self._climbed = self._borne + 1, False
            if self.rung and self._borne >= self._patience:
                self._move(self.rung - 1, climbed=True)

    def _step_down(self, rung: int) -> None:
        if self._climbed:
            self._patience *= 2  # the step up came too early: the next one comes later
        self._move(min(rung + 1, len(self._sizes) - 1), climbed=False)

    def _move(self, rung: int, *, climbed: bool) -> None:
        self.rung, self._borne, self._climbed = rung, 0, climbed
        self._remember(self.size)
