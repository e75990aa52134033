"""Splits windows of time that are read now, so that enough calls are in progress.

Each window ends with a call that is not full, so a split costs about half a call. Where Facebook says how
many threads a list has, few splits are enough, because each is made where it gives equal parts.
"""

import math

from conversations.graph.records import ConversationBatch
from conversations.sync.crawl.windows import BEFORE_FACEBOOK, TimeWindow

MIN_CALLS = 4  # a part that needs fewer calls is not worth a split
MIN_COUNTED_CALLS = 2  # the same, if the number of threads is known
MARGIN_CALLS = 6.5  # could start while the longest window takes longer than all of them together
LONG_LIST = 3000  # threads of a list that is worth larger answers
TAIL_CALLS = 4  # what the open-ended window keeps when it is split without a probe
PROBE_FACTOR = 8  # the first probe is this many times as old as the known part
# The number of threads is taken for a power of their age. This is the exponent until a second count is known,
# and its limits after that: too high a guess costs less than an empty call.
FIRST_EXPONENT, LOWEST_EXPONENT, HIGHEST_EXPONENT = 0.75, 0.2, 3.0


def is_long_list(total: int | None) -> bool:
    """Whether larger answers than usual save time: they take longer, which counts at the end."""
    return total is None or total >= LONG_LIST


class WindowSplitter:
    """Splits windows that other threads read, to give an idle thread work.

    `top` is the second at which the list begins, `end` the one in which its first answer ended, which had
    `first_size` threads. `total` is the number of threads of the list, None if Facebook does not count.
    `parallel` is how many calls in progress keep the permitted pace, and `size` how many threads the next
    answers have.
    """

    def __init__(self, top: int, end: int, first_size: int, total: int | None = None):
        self._top, self._total = top, total
        self.size = self._first_size = first_size
        self._first_age = max(top - end, 1)
        self._probe: TimeWindow | None = None  # requested early to find out how far the list reaches
        self._has_second_count = False
        self.parallel = 1.0

    @property
    def is_long(self) -> bool:
        return is_long_list(self._total)

    def split(self, windows: list[TimeWindow]) -> TimeWindow | None:
        """Split one of the windows and return the new one, or None if what is left is too little."""
        if self._total is None or any(window.threads_left is None for window in windows):
            return self._split_uncounted(windows)
        return self._split_counted(windows, self._total)

    def on_answer(self, window: TimeWindow, windows: list[TimeWindow], batch: ConversationBatch) -> None:
        """Use an answer: its count or, if the window was a probe, how far the list reaches."""
        self._count(window, batch)
        if window is self._probe:
            self._probe = None
            is_empty = batch.after is None and not batch.conversations
            newer = [other for other in windows if other.is_open_ended and other is not window]
            for other in newer if not is_empty else newer[1:]:
                other.is_open_ended = False  # there are threads beyond it

    # -- by the number of threads --------------------------------------------------------------------------
    def _count(self, window: TimeWindow, batch: ConversationBatch) -> None:
        if self._total is None or window.below is None:
            return
        if window.needs_count:
            window.needs_count, self._has_second_count = False, True
            if batch.total is None or batch.total > self._total - self._first_size:
                self._total = None  # it counts something else
                return
            window.first_below = window.below = batch.total
        window.below -= len(batch.conversations)
        if batch.after is not None and window.below < -self.size:
            self._total = None

    def _split_counted(self, windows: list[TimeWindow], total: int) -> TimeWindow | None:
        """Split the longest window if it alone takes longer than all of them at the permitted pace.

        So all windows end at about the same time, and few splits are made.
        """
        window = max(windows, key=lambda each: each.threads_left or 0, default=None)
        if window is None or window.below is None or (window.needs_count and window.low is None):
            return None
        own, left = (sum(each.threads_left or 0 for each in part) for part in ([window], windows))
        is_fast = own * self.parallel < left + MARGIN_CALLS * self.size
        is_guess = not self._has_second_count and len(windows) > 1  # wait for the count
        if own < MIN_COUNTED_CALLS * self.size or is_fast or is_guess:
            return None
        keeps = self._share(window, own, left / self.parallel)
        second = self._second_behind(window, keeps, total)
        if not (window.low or BEFORE_FACEBOOK) < second < window.high:
            return None
        older = self._split_at(window, second, is_certain=True)
        older.first_below = older.below = window.below - keeps
        older.needs_count = True
        older.older, window.older = window.older, older
        return older

    def _share(self, window: TimeWindow, own: float, part: float) -> float:
        """How many threads a window keeps, if `part` is an equal share of all that is left.

        The oldest part comes first where the end of the list is not known: the others are between two
        counts then, so that their places are found more precisely.
        """
        if window.low is None and self._has_second_count:
            return max(own / 2, own - part)
        return min(own / 2, part)

    def _second_behind(self, window: TimeWindow, count: float, total: int) -> int:
        """The second behind which `count` more threads of a window are."""
        newer, age = max(total - (window.below or 0), 1), max(self._top - window.high, 1)
        if window.low is None:
            exponent = self._exponent_at(age, newer)
        else:
            reach = max(self._top - window.low, age + 1)
            growth = math.log((newer + (window.threads_left or 0)) / newer) / math.log(reach / age)
            exponent = max(growth, 1e-3)
        factor = min((1 + count / newer) ** (1 / exponent), self._top / age)
        return self._top - math.ceil(age * factor)

    def _exponent_at(self, age: float, newer: float) -> float:
        """How the number of threads grows with their age, behind the last count."""
        if not self._has_second_count or age <= self._first_age or newer <= self._first_size:
            return FIRST_EXPONENT
        exponent = math.log(newer / self._first_size) / math.log(age / self._first_age)
        return min(max(exponent, LOWEST_EXPONENT), HIGHEST_EXPONENT)

    # -- by time alone -------------------------------------------------------------------------------------
    def _split_uncounted(self, windows: list[TimeWindow]) -> TimeWindow | None:
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
