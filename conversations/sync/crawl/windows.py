"""Windows of time: the part of a list that one chain of calls reads, and how such parts are split.

All times here are whole seconds since 1970, because Graph shows no fractions. Nothing here makes a call.
"""

import math
from dataclasses import dataclass, field
from itertools import islice

from conversations.graph.readers.list_progress import ListProgress
from conversations.graph.records import ConversationBatch

BEFORE_FACEBOOK = 1_072_915_200  # 2004-01-01: a window that ends here is empty if Graph honors time bounds
MIN_CALLS = 2.5  # a part that needs fewer calls is not worth a split
TAIL_CALLS = 4  # what the open-ended window keeps when it is split without a probe
PROBE_FACTOR = 8  # the first probe is this many times as old as the known part


@dataclass(frozen=True)
class Request:
    """What one call asks for: threads last updated from `low` to `high`, both included, behind a cursor.

    None means no such bound, or no cursor.
    """

    high: int | None = None
    low: int | None = None
    after: str | None = None

    @property
    def bounds(self) -> dict[str, int]:
        """The bounds as Graph's parameters, wide enough whether or not Graph includes the bounds."""
        bounds = {} if self.high is None else {"updated_before_ms": (self.high + 1) * 1000}
        return bounds if self.low is None else bounds | {"updated_after_ms": self.low * 1000 - 1}


@dataclass(eq=False)
class CursorWindow:
    """The list from its top, or from a cursor, down to the second `low` or to its end."""

    low: int | None = None
    after: str | None = None
    is_busy: bool = field(default=False, init=False)
    progress: ListProgress = field(default_factory=ListProgress, init=False)

    @property
    def request(self) -> Request:
        return Request(low=self.low, after=self.after)

    @property
    def has_bounds(self) -> bool:
        return self.low is not None

    def restart(self) -> None:
        """Read from the top again."""
        self.after, self.progress = None, ListProgress()


@dataclass(frozen=True)
class Overlap:
    """A thread at the end of an answer: the next one must show it again, or `fallback` is requested."""

    thread_id: str
    fallback: Request


@dataclass(eq=False)
class TimeWindow:
    """Threads last updated from `low` (None: the oldest) to `high`, both included.

    It is read newest first: `high` goes down with each answer. `cursor_request` is requested instead where
    time alone does not lead on.
    """

    high: int
    low: int | None = None
    is_open_ended: bool = False  # it is unknown whether there are threads at its older end
    seconds_per_call: float = 1  # seconds of time that one call covers
    overlap: Overlap | None = field(default=None, init=False)
    cursor_request: Request | None = field(default=None, init=False)
    is_busy: bool = field(default=False, init=False)
    progress: ListProgress = field(default_factory=ListProgress, init=False)

    has_bounds = True

    @property
    def request(self) -> Request:
        return self.cursor_request or Request(self.high, self.low)

    def restart(self) -> None:
        """Read from the newest second again."""
        self.lead_on_by_time()
        self.progress = ListProgress()

    def lead_on_by_time(self) -> None:
        """Forget what the last answer said about the next request."""
        self.overlap = self.cursor_request = None

    @property
    def calls_left(self) -> float:
        return 0 if self.low is None else (self.high - self.low) / max(self.seconds_per_call, 1)

    @property
    def middle(self) -> int:
        return (self.high + (self.low or 0)) // 2


Window = CursorWindow | TimeWindow


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


def is_outside(batch: ConversationBatch, window: TimeWindow) -> bool:
    """Whether most threads are newer than requested, which means that Graph does not honor the bound."""
    times = seconds_of(batch)
    return sum(time > window.high + 1 for time in times) * 2 > len(times)


class WindowSplitter:
    """Splits windows that other threads read, to give an idle thread work.

    `top` is the second at which the list begins.
    """

    def __init__(self, top: int):
        self._top = top
        self._probe: TimeWindow | None = None  # requested early to find out how far the list reaches

    def split(self, windows: list[TimeWindow]) -> TimeWindow | None:
        """Split one of the windows and return the new one, or None if what is left is too little."""
        tail = next(
            (window for window in windows if window.is_open_ended and window is not self._probe), None
        )
        if tail and self._probe is None and (probe := self._split_probe(tail)):
            self._probe = probe
            return probe
        bounded = (window for window in windows if not window.is_open_ended)
        longest = max(bounded, key=lambda window: window.calls_left, default=None)
        if longest and longest.calls_left >= MIN_CALLS:
            return self._split_at(longest, longest.middle, is_certain=True)
        if tail:
            second = tail.high - math.ceil(TAIL_CALLS * max(tail.seconds_per_call, 1))
            if second > (tail.low or BEFORE_FACEBOOK):
                return self._split_at(tail, second, is_certain=True)
        return None

    def on_probe(self, window: TimeWindow, windows: list[TimeWindow], *, is_empty: bool) -> None:
        """Use an answer: if the window was a probe, it shows how far the list reaches."""
        if window is self._probe:
            self._probe = None
            newer = [other for other in windows if other.is_open_ended and other is not window]
            for other in newer if not is_empty else newer[1:]:
                other.is_open_ended = False  # there are threads beyond it

    def _split_probe(self, tail: TimeWindow) -> TimeWindow | None:
        """Split a probe off the open-ended window, or close it if what is left of it is too small."""
        second = self._probe_second(tail)
        if second is not None:
            return self._split_at(tail, second, is_certain=False)
        if tail.low is not None:
            tail.is_open_ended = False  # from now on it is split like any other
        return None

    def _probe_second(self, tail: TimeWindow) -> int | None:
        """The second of the next probe: eight times the known age, or half-way (of ages) to an empty end."""
        age = max(self._top - tail.high, tail.seconds_per_call, 1)
        if tail.low is None:
            second = self._top - math.ceil(PROBE_FACTOR * age)
            return second if second > BEFORE_FACEBOOK else None
        second = self._top - math.ceil(math.sqrt(age * max(self._top - tail.low, 1)))
        is_large = tail.low < second < tail.high - MIN_CALLS * max(tail.seconds_per_call, 1)
        return second if is_large else None

    def _split_at(self, window: TimeWindow, second: int, *, is_certain: bool) -> TimeWindow:
        older = TimeWindow(second, window.low, window.is_open_ended, window.seconds_per_call)
        window.low = second + 1
        window.is_open_ended = not is_certain
        return older
