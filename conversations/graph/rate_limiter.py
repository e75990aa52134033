"""Decides when the threads of a client may send: evenly spaced and, while Facebook throttles, one by one.

A closure is a time in which no request is allowed, because Facebook throttles or a usage counter is high.
After it one request is the probe: if it succeeds, the others follow.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from conversations.graph.call_budget import MARGIN, Budget
from conversations.graph.errors import RateLimitError
from conversations.graph.options import GraphOptions, Hooks
from conversations.graph.usage import Usage

THROTTLE_PAUSES_SECONDS = (2, 10, 60, 60, 60, 60, 60)  # if Facebook does not say how long
HIGH_USAGE_SECONDS = 60  # the same, if a usage counter is high
MAX_WAIT_SECONDS = 3600  # a longer wait is left to the next run
REPORTED_WAIT_SECONDS = 5  # a longer wait for a start is a closure by another process, not the spacing
SLOW_DOWN_PERCENT, PAUSE_PERCENT = 75, 95  # of a usage counter
UNLIMITED_GAP_SECONDS = 0.5  # the gap that is widened if there is no limit
POLL_SECONDS = 0.2
NOTHING_SECONDS = 1e-6  # less than a clock tells

WAIT_REQUESTED = "Facebook has asked us to send no calls for some time."


class Permit(Struct):
    """The permission to send one request, `started_at` by the clock. `sent_at`: None until it was sent.

    `closure_number` is the number of closures before it, `round_number` how often the limiter had given up.
    """

    closure_number: int
    round_number: int
    is_probe: bool
    started_at: float
    sent_at: float | None = None


class RateLimiter:
    """Call `acquire()` before each request, then exactly one of `on_success`, `on_throttle`, `on_failure`.

    One thread at a time waits for the next start. While Facebook throttles, its request is the probe, and the
    others wait for the result. All pauses are `hooks.sleep()`, which may raise.
    """

    def __init__(
        self,
        budget: Budget,
        options: GraphOptions,
        hooks: Hooks,
        *,
        clock: Callable[[], float] = time.monotonic,
    ):
        calls_per_second = options.calls_per_second
        self._budget, self._hooks, self._clock = budget, hooks, clock
        self._unit = options.retry_seconds
        self.gap_seconds = self._gap = MARGIN / calls_per_second if calls_per_second else 0.0
        self._changed = threading.Condition()
        self._is_reserved = False  # a thread waits for the next start
        self._is_blocked = False  # a probe has no result yet, or a closure is being stored
        self._closed: RateLimitError | None = None  # from a throttle until a probe succeeds
        self._is_reported = False  # whether on_wait was called for this closure
        self._closure_count = self._throttle_count = self._round = 0
        self._final_error: RateLimitError | None = None  # with which the limiter last gave up
        self._usage = Usage()
        self._last_start = float("-inf")
        self._sent_together = max(1, int(calls_per_second))  # requests allowed in one second
        self._is_first = True
        self._permits: deque[Permit] = deque(maxlen=self._sent_together)  # the last ones

    # -- before a request ----------------------------------------------------------------------------------
    def acquire(self) -> Permit:
        """Wait until the request may start. Raises RateLimitError if that takes too long."""
        round_number = self._wait_for_turn()
        try:
            while True:
                closure_count = self._wait_for_budget(round_number)
                self._pause()
                if closure_count == self._closure_count:  # else another request was throttled meanwhile
                    return self._start(round_number)
        finally:
            with self._changed:
                self._is_reserved = False
                self._changed.notify_all()

    def _wait_for_turn(self) -> int:
        round_number = self._round
        while not self._try_reserve(round_number):
            self._hooks.sleep(0)  # raises if this thread must stop
        return round_number

    def _try_reserve(self, round_number: int) -> bool:
        with self._changed:
            if self._is_reserved or self._is_blocked:
                self._changed.wait(POLL_SECONDS)
            if round_number != self._round and self._final_error:
                raise self._final_error.copy()
            is_free = not (self._is_reserved or self._is_blocked)
            self._is_reserved = self._is_reserved or is_free
            return is_free

    def _wait_for_budget(self, round_number: int) -> int:
        """Return the number of closures, all of which the budget knows.

        A start that is reserved while one is being stored would be in the middle of it.
        """
        while True:
            with self._changed:
                if round_number != self._round and self._final_error:
                    raise self._final_error.copy()
                if not self._is_blocked:  # no probe can be out: it would have the turn
                    return self._closure_count
                self._changed.wait(POLL_SECONDS)
            self._hooks.sleep(0)  # raises if this thread must stop

    def _pause(self) -> None:
        known = self._closed  # a request that is throttled from now on is not in these seconds
        seconds = self._seconds_to_start()
        with self._changed:
            if self._closed is None and seconds > REPORTED_WAIT_SECONDS:
                # Another process or an earlier run was throttled.
                known = self._closed = RateLimitError(WAIT_REQUESTED)
                self._is_reported = False
            # Even if it is over by now: a run says why it was late.
            is_new = known is not None and known is self._closed and not self._is_reported
            self._is_reported = self._is_reported or is_new
        if known and seconds > MAX_WAIT_SECONDS:
            error = known.copy()
            error.wait_seconds = seconds
            raise error
        if known and is_new:
            self._hooks.on_wait(known, seconds)
        if seconds > 0:
            self._hooks.sleep(seconds)
        while (early := self._seconds_too_early()) > NOTHING_SECONDS:
            self._hooks.sleep(min(early, self._gap / 2))  # one that was not sent yet may be at any moment

    def _seconds_to_start(self) -> float:
        gap = self._current_gap()
        if not (gap or self._closed or self._is_first):
            self._budget.count_call()
            return 0
        seconds = self._budget.reserve(gap)
        self._is_first = False
        # A thread that wakes late must not shorten the next gap.
        return max(seconds, self._last_start + gap - self._clock())

    def _seconds_too_early(self) -> float:
        """Return how much longer to wait so that a request that was sent late is not too near to the next.

        It is late if its thread was not scheduled in time, or connects first. Until then it may be sent now.
        """
        with self._changed:
            if not self._gap or len(self._permits) < self._sent_together:
                return 0
            now, sent_at = self._clock(), self._permits[0].sent_at
            return (now if sent_at is None else sent_at) + self._sent_together * self._gap - now

    def _current_gap(self) -> float:
        excess = self._usage.percent - SLOW_DOWN_PERCENT
        if excess < 0:
            return self._gap
        return (self._gap or UNLIMITED_GAP_SECONDS * self._unit) * (1 + (excess + 1) / 5)

    def _start(self, round_number: int) -> Permit:
        with self._changed:
            self._last_start = self._clock()
            self._is_blocked = self._closed is not None
            permit = Permit(self._closure_count, round_number, self._is_blocked, self._last_start)
            self._permits.append(permit)
            return permit

    def on_sent(self, permit: Permit) -> None:
        """Record that a request was sent, which in a busy process is some time after its start."""
        with self._changed:
            permit.sent_at = self._clock()

    def _end(self, permit: Permit) -> None:
        """Let nobody wait for a request that was never sent."""
        if permit.sent_at is None:
            permit.sent_at = permit.started_at

    # -- after a request -----------------------------------------------------------------------------------
    def on_success(self, permit: Permit, usage: Usage) -> None:
        """Record that Facebook processed the request, whatever its response."""
        with self._changed:
            self._end(permit)
            self._usage = usage
            if permit.closure_number != self._closure_count:
                return  # sent before the closure, so it does not end it
            if permit.is_probe:
                self._closed, self._throttle_count = None, 0
                self._unblock()
            if usage.percent < PAUSE_PERCENT:
                return
            error = RateLimitError(f"Facebook counts {usage.percent:.0f} % of the calls that it allows.")
            self._close(error)
        self._close_budget(error, usage.regain_seconds or HIGH_USAGE_SECONDS * self._unit)

    def on_throttle(self, permit: Permit, error: RateLimitError, usage: Usage) -> None:
        """Record that Facebook throttled. Raises RateLimitError if waiting is no longer useful."""
        error.wait_seconds = max(error.wait_seconds, usage.regain_seconds)
        with self._changed:
            self._end(permit)
            self._usage = usage
            if permit.round_number != self._round and self._final_error:
                raise self._final_error.copy()
            is_new = permit.closure_number == self._closure_count
            if is_new:
                seconds = self._throttle_pause(error, usage)
                self._throttle_count += 1
                gives_up = self._throttle_count > len(THROTTLE_PAUSES_SECONDS) or seconds > MAX_WAIT_SECONDS
                self._close(error)
        if is_new:
            self._close_budget(error, seconds, gives_up=gives_up)
        elif error.wait_seconds:
            # Sent before the closure, which is known by now, but perhaps not its duration.
            self._budget.close(error.wait_seconds, error.text)

    def on_failure(self, permit: Permit) -> None:
        """Record that there was no response. If the request was the probe, the next one is."""
        with self._changed:
            self._end(permit)
            if permit.is_probe and permit.closure_number == self._closure_count:
                self._unblock()

    def _throttle_pause(self, error: RateLimitError, usage: Usage) -> float:
        if error.wait_seconds:
            return error.wait_seconds
        if usage.percent >= SLOW_DOWN_PERCENT:
            return HIGH_USAGE_SECONDS * self._unit
        return (
            THROTTLE_PAUSES_SECONDS[min(self._throttle_count, len(THROTTLE_PAUSES_SECONDS) - 1)] * self._unit
        )

    def _close(self, error: RateLimitError) -> None:
        self._closed, self._is_reported = error, False
        self._closure_count += 1
        self._is_blocked = True  # until the budget is closed

    def _close_budget(self, error: RateLimitError, seconds: float, *, gives_up: bool = False) -> None:
        try:
            self._budget.close(seconds, error.text)
        finally:
            with self._changed:
                if gives_up:  # for all waiting threads, and for requests without a response
                    self._round, self._throttle_count, self._final_error = self._round + 1, 0, error
                self._unblock()
        if gives_up:
            raise error.copy()

    def _unblock(self) -> None:
        self._is_blocked = False
        self._changed.notify_all()
