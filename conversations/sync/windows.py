"""The part of a list that one chain of calls walks, and how such parts are cut into more of them.

All times here are whole seconds since 1970, for that is what Graph shows. Pure: nothing is asked here.
"""

import math
from dataclasses import dataclass
from itertools import islice

from conversations.graph.records import ConversationBatch

BEFORE_FACEBOOK = 1_072_915_200  # 2004-01-01: a window that ends here is empty wherever windows are honoured
LEAST_CALLS = 2.5  # a part of fewer is not worth a cut
TAIL_CALLS = 4
LEAP = 8


@dataclass(eq=False)
class Window:
    """Threads last updated from `low` to `high`, both included; None: no such bound.

    It is walked newest first: `high` comes down with each answer. `after` is the cursor to go on by where
    time alone does not lead on.
    """

    high: int | None = None
    low: int | None = None
    after: str | None = None
    is_busy: bool = False
    is_tail: bool = False  # it is not known whether its older end has any threads
    pace: float = 1  # seconds of time that one call spans
    border: str = ""  # a thread at the end of the answer before: what follows must show it again
    behind: "Window | None" = None  # what leads on from that answer by its cursor, if it does not
    detour: "Window | None" = None  # to be asked instead of this window itself

    @property
    def bounds(self) -> dict[str, int]:
        """As Graph's parameters. Wide enough whether or not Graph includes the bounds themselves."""
        bounds = {} if self.high is None else {"updated_before_ms": (self.high + 1) * 1000}
        return bounds if self.low is None else bounds | {"updated_after_ms": self.low * 1000 - 1}

    @property
    def calls_left(self) -> float:
        if self.high is None or self.low is None:
            return 0
        return (self.high - self.low) / max(self.pace, 1)

    @property
    def middle(self) -> int:
        return ((self.high or 0) + (self.low or 0)) // 2


def seconds_of(batch: ConversationBatch) -> list[int]:
    """When its threads were updated, newest first as they are listed; what has no time is left out."""
    return [int(record.updated_time.timestamp()) for record in batch.conversations if record.updated_time]


def end_of(batch: ConversationBatch) -> tuple[int, str] | None:
    """(second, thread) down to which the answer surely reaches; None: it tells no times.

    The newest of its last three threads: one alone may have an odd time.
    """
    timed = (
        (int(record.updated_time.timestamp()), record.id)
        for record in reversed(batch.conversations)
        if record.updated_time
    )
    last = islice(timed, 3)
    return max(last, key=lambda end: end[0], default=None)


def is_outside(batch: ConversationBatch, window: Window) -> bool:
    """Whether most of its threads are newer than what was asked for: Graph does not honour the bound."""
    times = seconds_of(batch)
    return window.high is not None and sum(time > window.high + 1 for time in times) * 2 > len(times)


class Cutter:
    """Finds a part for an idle thread among windows that others walk. `top`: where the list begins."""

    def __init__(self, top: int):
        self._top = top
        self._feeler: Window | None = None  # sent ahead to find out how far the list reaches

    def cut(self, windows: list[Window]) -> Window | None:
        """A new window, cut off one of these; None: what is left is too little."""
        tail = next((window for window in windows if window.is_tail and window is not self._feeler), None)
        if tail and self._feeler is None and (second := self._ahead(tail)):
            self._feeler = self._cut_off(tail, second, windows, is_certain=False)
            return self._feeler
        known = (window for window in windows if not window.is_tail)
        fullest = max(known, key=lambda window: window.calls_left, default=None)
        if fullest and fullest.calls_left >= LEAST_CALLS:
            return self._cut_off(fullest, fullest.middle, windows, is_certain=True)
        if tail and tail.high is not None:
            second = tail.high - math.ceil(TAIL_CALLS * max(tail.pace, 1))
            if second > (tail.low or BEFORE_FACEBOOK):
                return self._cut_off(tail, second, windows, is_certain=True)
        return None

    def felt(self, window: Window, windows: list[Window], *, is_empty: bool) -> None:
        """The first answer of a window that was sent ahead."""
        if window is self._feeler:
            self._feeler = None
            above = [other for other in windows if other.is_tail and other is not window]
            for other in above if not is_empty else above[1:]:
                other.is_tail = False  # there are threads beyond it

    def _ahead(self, tail: Window) -> int | None:
        """Beyond what is known: eight times as old, or half-way (of the ages) to where nothing is."""
        assert tail.high is not None  # noqa: S101 - only windows with bounds are cut
        age = max(self._top - tail.high, tail.pace, 1)
        if tail.low is None:
            second = self._top - math.ceil(LEAP * age)
            return second if second > BEFORE_FACEBOOK else None
        second = self._top - math.ceil(math.sqrt(age * max(self._top - tail.low, 1)))
        if tail.low < second < tail.high - LEAST_CALLS * max(tail.pace, 1):
            return second
        tail.is_tail = False  # what is left of it is small: it is cut like any other
        return None

    def _cut_off(self, window: Window, second: int, windows: list[Window], *, is_certain: bool) -> Window:
        older = Window(second, window.low, is_tail=window.is_tail, pace=window.pace)
        window.low = second + 1
        window.is_tail = not is_certain
        windows.append(older)
        return older
