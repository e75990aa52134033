"""When the calls of a client's threads start: evenly, and while Facebook throttles, one probe at a time."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from conversations.graph.errors import GraphError, RateLimitError
from conversations.graph.pace import MARGIN, Budget
from conversations.graph.usage import Usage

THROTTLE_PAUSES_SECONDS = (2, 10, 60, 60, 60, 60, 60)  # where Facebook does not say how long
HIGH_USAGE_SECONDS = 60  # the same, where a counter is high
LONGEST_WAIT_SECONDS = 3600  # beyond: the next run's
TOLD_SECONDS = 5  # a longer wait for a start is somebody's closing, not the pace
WIDER_FROM, WAIT_FROM = 75, 95  # percent of a counter
UNCAPPED_GAP_SECONDS = 0.5  # what is widened where there is no cap
POLL_SECONDS = 0.2

Waiting = Callable[[GraphError, float], None]
ASKED_TO_WAIT = "Facebook has asked for no calls for a while."


@dataclass(frozen=True)
class Ticket:
    """For one call. `closing`: how many closings came before it; `era`: how often patience had ended."""

    closing: int
    era: int
    probes: bool


class Gate:
    """`enter()` before each call, then exactly one of `answered()`, `throttled()`, `failed()`.

    One thread at a time waits for the next start. While Facebook throttles, the call that it makes is the
    probe, and the others wait for what comes of it. All pauses are slept by `sleep`, which may raise.
    """

    def __init__(
        self,
        budget: Budget,
        *,
        calls_per_second: float,
        retry_seconds: float,
        on_wait: Waiting,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._budget, self._unit = budget, retry_seconds
        self._gap = MARGIN / calls_per_second if calls_per_second else 0.0
        self._on_wait, self._sleep, self._clock = on_wait, sleep, clock
        self._changed = threading.Condition()
        self._is_taken = False  # somebody waits for the next start
        self._is_held = False  # a probe is out, or a closing is being written down
        self._closed: RateLimitError | None = None  # since the last throttle, until a probe succeeds
        self._is_told = False  # of this closing
        self._closings = self._throttles = self._eras = 0
        self._over: RateLimitError | None = None  # what ended the last era
        self._usage = Usage()
        self._last_start = float("-inf")
        self._sent_together = max(1, int(calls_per_second))  # what the cap allows in one second
        self._sent: deque[float] = deque(maxlen=self._sent_together)  # when those left
        self._is_first = True

    # -- before a call -------------------------------------------------------------------------------------
    def enter(self) -> Ticket:
        """Returns when the call may start. RateLimitError: the wait is too long, or patience has ended."""
        era = self._take_turn()
        try:
            while True:
                closings = self._closings
                self._pause()
                if closings == self._closings:  # else somebody was throttled meanwhile
                    return self._start(era)
        finally:
            with self._changed:
                self._is_taken = False
                self._changed.notify_all()

    def _take_turn(self) -> int:
        era = self._eras
        while not self._has_turn(era):
            self._sleep(0)  # it raises where this thread is to stop
        return era

    def _has_turn(self, era: int) -> bool:
        with self._changed:
            if self._is_taken or self._is_held:
                self._changed.wait(POLL_SECONDS)
            if era != self._eras and self._over:
                raise self._over.again()
            is_free = not (self._is_taken or self._is_held)
            self._is_taken = self._is_taken or is_free
            return is_free

    def _pause(self) -> None:
        seconds = self._seconds_to_start()
        with self._changed:
            if self._closed is None and seconds > TOLD_SECONDS:  # another process was told, or an earlier run
                self._closed, self._is_told = RateLimitError(ASKED_TO_WAIT), False
            closed, is_told = self._closed, self._is_told
            self._is_told = True
        if closed and seconds > LONGEST_WAIT_SECONDS:
            error = closed.again()
            error.wait_seconds = seconds
            raise error
        if closed and not is_told and seconds > 0:
            self._on_wait(closed, seconds)
        if seconds > 0:
            self._sleep(seconds)
        if (late := self._seconds_too_early()) > 0:
            self._sleep(late)

    def _seconds_to_start(self) -> float:
        gap = self._present_gap()
        if not (gap or self._closed or self._is_first):
            return 0
        seconds = self._budget.reserve(gap)
        self._is_first = False
        # A thread that woke late must not shorten the next gap.
        return max(seconds, self._last_start + gap - self._clock())

    def _seconds_too_early(self) -> float:
        """A call that was sent late, because its thread got no turn, must not be too near the one to come."""
        with self._changed:
            if len(self._sent) < self._sent_together:
                return 0
            return self._sent[0] + self._sent_together * self._gap - self._clock()

    def _present_gap(self) -> float:
        over = self._usage.percent - WIDER_FROM
        if over < 0:
            return self._gap
        return (self._gap or UNCAPPED_GAP_SECONDS * self._unit) * (1 + (over + 1) / 5)

    def _start(self, era: int) -> Ticket:
        with self._changed:
            self._last_start = self._clock()
            self._is_held = self._closed is not None
            return Ticket(self._closings, era, self._is_held)

    def sent(self) -> None:
        """A call has left: in a busy process some time after its start, and Facebook counts from here."""
        with self._changed:
            self._sent.append(self._clock())

    # -- after a call --------------------------------------------------------------------------------------
    def answered(self, ticket: Ticket, usage: Usage) -> None:
        """Facebook worked on it, whatever it said."""
        with self._changed:
            self._usage = usage
            if ticket.closing != self._closings:
                return  # from before the closing: it proves nothing of it
            if ticket.probes:
                self._closed, self._throttles = None, 0
                self._let_go()
            if usage.percent < WAIT_FROM:
                return
            error = RateLimitError(f"Facebook counts {usage.percent:.0f} % of the calls that it allows.")
            self._close(error)
        self._write_down(error, usage.regain_seconds or HIGH_USAGE_SECONDS * self._unit)

    def throttled(self, ticket: Ticket, error: RateLimitError, usage: Usage) -> None:
        """Facebook refused for now. Raises RateLimitError where waiting has no more use in this run."""
        error.wait_seconds = max(error.wait_seconds, usage.regain_seconds)
        with self._changed:
            self._usage = usage
            if ticket.era != self._eras and self._over:
                raise self._over.again()
            is_new = ticket.closing == self._closings
            if is_new:
                seconds = self._throttle_pause(error, usage)
                self._throttles += 1
                is_over = self._throttles > len(THROTTLE_PAUSES_SECONDS) or seconds > LONGEST_WAIT_SECONDS
                self._close(error)
        if is_new:
            self._write_down(error, seconds, is_over=is_over)
        elif (
            error.wait_seconds
        ):  # sent before the closing: that is known by now, but perhaps not for how long
            self._budget.close(error.wait_seconds, error.words)

    def failed(self, ticket: Ticket) -> None:
        """No answer came: where it was the probe, the next call is."""
        with self._changed:
            if ticket.probes and ticket.closing == self._closings:
                self._let_go()

    def _throttle_pause(self, error: RateLimitError, usage: Usage) -> float:
        if error.wait_seconds:
            return error.wait_seconds
        if usage.percent >= WIDER_FROM:
            return HIGH_USAGE_SECONDS * self._unit
        return THROTTLE_PAUSES_SECONDS[min(self._throttles, len(THROTTLE_PAUSES_SECONDS) - 1)] * self._unit

    def _close(self, error: RateLimitError) -> None:
        self._closed, self._is_told = error, False
        self._closings += 1
        self._is_held = True  # until the budget knows

    def _write_down(self, error: RateLimitError, seconds: float, *, is_over: bool = False) -> None:
        try:
            self._budget.close(seconds, error.words)
        finally:
            with self._changed:
                if is_over:  # for all who wait, and for those who are still out
                    self._eras, self._throttles, self._over = self._eras + 1, 0, error
                self._let_go()
        if is_over:
            raise error.again()

    def _let_go(self) -> None:
        self._is_held = False
        self._changed.notify_all()
