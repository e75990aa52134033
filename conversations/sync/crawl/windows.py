"""Windows of time: the part of a list that one chain of calls reads, and how such parts are split.

All times here are whole seconds since 1970, because Graph shows no fractions. Nothing here makes a call.
"""

import math
from dataclasses import dataclass
from itertools import islice

from conversations.graph.records import ConversationBatch

BEFORE_FACEBOOK = 1_072_915_200  # 2004-01-01: a window that ends here is empty if Graph honors time bounds
MIN_CALLS = 2.5  # a part that needs fewer calls is not worth a split
TAIL_CALLS = 4  # what the open-ended window keeps when it is split without a probe
PROBE_FACTOR = 8  # the first probe is this many times as old as the known part


@dataclass(eq=False)
class Window:
    """Threads last updated from `low` to `high`, both included; None means no such bound.

    A window is read newest first: `high` goes down with each answer. `after` is the cursor with which to
    continue where time alone does not lead on.
    """

    high: int | None = None
    low: int | None = None
    after: str | None = None
    is_busy: bool = False
    is_open_ended: bool = False  # it is unknown whether there are threads at its older end
    seconds_per_call: float = 1  # seconds of time that one call covers
    overlap_id: str = ""  # a thread at the end of the previous answer: the next answer must show it again
    fallback: "Window | None" = None  # continues by the cursor of that answer if the overlap is missing
    next_request: "Window | None" = None  # to be requested instead of this window itself

    @property
    def bounds(self) -> dict[str, int]:
        """The bounds as Graph's parameters, wide enough whether or not Graph includes the bounds."""
        bounds = {} if self.high is None else {"updated_before_ms": (self.high + 1) * 1000}
        return bounds if self.low is None else bounds | {"updated_after_ms": self.low * 1000 - 1}

    @property
    def calls_left(self) -> float:
        if self.high is None or self.low is None:
            return 0
        return (self.high - self.low) / max(self.seconds_per_call, 1)

    @property
    def middle(self) -> int:
        return ((self.high or 0) + (self.low or 0)) // 2


def seconds_of(batch: ConversationBatch) -> list[int]:
    """When the threads of a batch were updated, in its order, without those that show no time."""
    return [int(record.updated_time.timestamp()) for record in batch.conversations if record.updated_time]


def end_of(batch: ConversationBatch) -> tuple[int, str] | None:
    """The (second, thread ID) down to which the batch certainly reaches; None if it shows no times.

    It is the newest of the last three threads, because a single one may have an odd time.
    """
    timed = (
        (int(record.updated_time.timestamp()), record.id)
        for record in reversed(batch.conversations)
        if record.updated_time
    )
    last = islice(timed, 3)
    return max(last, key=lambda end: end[0], default=None)


def is_outside(batch: ConversationBatch, window: Window) -> bool:
    """Whether most threads are newer than requested, which means that Graph does not honor the bound."""
    times = seconds_of(batch)
    return window.high is not None and sum(time > window.high + 1 for time in times) * 2 > len(times)


class WindowSplitter:
    """Splits windows that other threads read, to give an idle thread work.

    `top` is the second at which the list begins.
    """

    def __init__(self, top: int):
        self._top = top
        self._probe: Window | None = None  # requested early to find out how far the list reaches

    def split(self, windows: list[Window]) -> Window | None:
        """Split one of the windows and return the new one, or None if what is left is too little.

        The new window is also added to the list.
        """
        tail = next(
            (window for window in windows if window.is_open_ended and window is not self._probe), None
        )
        if tail and self._probe is None and (second := self._probe_second(tail)):
            self._probe = self._split_at(tail, second, windows, is_certain=False)
            return self._probe
        bounded = (window for window in windows if not window.is_open_ended)
        longest = max(bounded, key=lambda window: window.calls_left, default=None)
        if longest and longest.calls_left >= MIN_CALLS:
            return self._split_at(longest, longest.middle, windows, is_certain=True)
        if tail and tail.high is not None:
            second = tail.high - math.ceil(TAIL_CALLS * max(tail.seconds_per_call, 1))
            if second > (tail.low or BEFORE_FACEBOOK):
                return self._split_at(tail, second, windows, is_certain=True)
        return None

    def on_probe(self, window: Window, windows: list[Window], *, is_empty: bool) -> None:
        """Use an answer: if the window was a probe, it shows how far the list reaches."""
        if window is self._probe:
            self._probe = None
            newer = [other for other in windows if other.is_open_ended and other is not window]
            for other in newer if not is_empty else newer[1:]:
                other.is_open_ended = False  # there are threads beyond it

    def _probe_second(self, tail: Window) -> int | None:
        """The second of the next probe: eight times the known age, or half-way (of ages) to an empty end."""
        assert tail.high is not None  # noqa: S101 - only windows with bounds are split
        age = max(self._top - tail.high, tail.seconds_per_call, 1)
        if tail.low is None:
            second = self._top - math.ceil(PROBE_FACTOR * age)
            return second if second > BEFORE_FACEBOOK else None
        second = self._top - math.ceil(math.sqrt(age * max(self._top - tail.low, 1)))
        if tail.low < second < tail.high - MIN_CALLS * max(tail.seconds_per_call, 1):
            return second
        tail.is_open_ended = False  # what is left of it is small: from now on it is split like any other
        return None

    def _split_at(self, window: Window, second: int, windows: list[Window], *, is_certain: bool) -> Window:
        older = Window(
            second, window.low, is_open_ended=window.is_open_ended, seconds_per_call=window.seconds_per_call
        )
        window.low = second + 1
        window.is_open_ended = not is_certain
        windows.append(older)
        return older
