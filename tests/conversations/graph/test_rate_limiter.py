"""When calls start: one thread in fake time, and several threads in real time."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conversations.graph.call_budget import MARGIN, ProcessBudget
from conversations.graph.errors import RateLimitError
from conversations.graph.options import GraphOptions
from conversations.graph.rate_limiter import MAX_WAIT_SECONDS, THROTTLE_PAUSES_SECONDS, Permit, RateLimiter
from conversations.graph.usage import Usage
from tests.conversations.graph.conftest import CallbackHooks


class Stopped(Exception):
    pass


@pytest.fixture
def waits() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def budget(clock) -> ProcessBudget:
    return ProcessBudget(clock=clock.monotonic)


@pytest.fixture
def make_limiter(clock, budget, waits):
    def make(calls_per_second: float = 0, sleep=clock.sleep) -> RateLimiter:
        return RateLimiter(
            budget,
            GraphOptions(calls_per_second=calls_per_second),
            CallbackHooks(on_wait=lambda error, seconds: waits.append((error.text, seconds)), sleep=sleep),
            clock=clock.monotonic,
        )

    return make


def call(limiter: RateLimiter, usage: Usage = Usage()) -> None:  # noqa: B008 - it is frozen
    limiter.on_success(limiter.acquire(), usage)


def throttle(limiter: RateLimiter, wait_seconds: float = 0, usage: Usage = Usage()) -> None:  # noqa: B008 - the same
    error = RateLimitError("Too many calls.")
    error.wait_seconds = wait_seconds
    limiter.on_throttle(limiter.acquire(), error, usage)


def test_calls_start_evenly_and_a_slow_one_allows_no_burst(make_limiter, clock):
    limiter, starts = make_limiter(2), []
    for seconds in (0.01, 0.01, 30, 0, 0, 0):
        permit = limiter.acquire()
        starts.append(clock.now)
        clock.now += seconds
        limiter.on_success(permit, Usage())
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert gaps == pytest.approx([MARGIN / 2, MARGIN / 2, 30, MARGIN / 2, MARGIN / 2])


def test_thread_that_wakes_late_does_not_shorten_the_next_gap(make_limiter, clock):
    limiter = make_limiter(2, sleep=lambda seconds: clock.sleep(seconds + 0.2))
    starts = []
    for _ in range(4):
        limiter.on_success(limiter.acquire(), Usage())
        starts.append(clock.now)
    assert min(later - earlier for earlier, later in itertools.pairwise(starts)) >= MARGIN / 2


def test_late_call_delays_the_call_that_would_exceed_the_limit(make_limiter, clock):
    """Its thread was not scheduled in time, and the next calls had reserved their starts by then."""
    limiter, sent = make_limiter(2), []
    for delay in (0.3, 0, 0):
        permit = limiter.acquire()
        clock.now += delay
        limiter.on_sent(permit)
        sent.append(clock.now)
        clock.now -= delay
        limiter.on_success(permit, Usage())
    assert sent[2] - sent[0] == pytest.approx(MARGIN)


def test_call_that_was_not_sent_yet_holds_back_the_call_that_would_exceed_the_limit(make_limiter, clock):
    """It still connects while two others could start: all three would arrive together."""
    began, sent = clock.now, {}

    def send(name: str, permit: Permit) -> None:
        limiter.on_sent(permit)
        sent[name] = clock.now

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now >= began + 3 and "slow" not in sent:
            send("slow", slow)

    limiter = make_limiter(2, sleep=sleep)
    slow = limiter.acquire()
    send("next", limiter.acquire())
    third = limiter.acquire()
    assert clock.now - sent["slow"] == pytest.approx(MARGIN)
    send("third", third)
    assert sent["slow"] >= began + 3


def test_call_that_failed_before_it_was_sent_holds_back_nothing(make_limiter, clock):
    limiter, began = make_limiter(2), clock.now
    limiter.on_failure(limiter.acquire())
    for _ in range(2):
        limiter.on_sent(limiter.acquire())
    assert clock.now - began == pytest.approx(MARGIN)


def test_without_a_limit_nothing_waits(make_limiter, clock):
    limiter = make_limiter()
    for _ in range(100):
        call(limiter)
    assert clock.slept == []


def test_single_throttle_waits_seconds_and_is_reported_once(make_limiter, clock, waits):
    limiter = make_limiter()
    throttle(limiter)
    call(limiter)
    call(limiter)
    assert clock.slept == [2]
    assert waits == [("Too many calls.", 2)]


def test_throttle_while_another_call_is_counted_is_reported(make_limiter, budget, waits):
    limiter = make_limiter()
    call(limiter)
    permit, error = limiter.acquire(), RateLimitError("Too many calls.")
    error.wait_seconds = 120
    budget.count_call = lambda: limiter.on_throttle(permit, error, Usage())  # by another thread, meanwhile
    limiter.acquire()
    assert waits == [("Too many calls.", 120)]


def test_pauses_grow_while_probes_fail_and_restart_after_a_success(make_limiter, clock):
    limiter = make_limiter()
    for _ in range(3):
        throttle(limiter)
    call(limiter)
    throttle(limiter)
    call(limiter)
    assert clock.slept == [2, 10, 60, 2]


def test_limiter_gives_up_after_all_pauses(make_limiter, clock):
    limiter = make_limiter()
    for _ in THROTTLE_PAUSES_SECONDS:
        throttle(limiter)
    with pytest.raises(RateLimitError):
        throttle(limiter)
    assert clock.slept == list(THROTTLE_PAUSES_SECONDS)
    call(limiter)  # works again
    assert len(clock.slept) == len(THROTTLE_PAUSES_SECONDS) + 1


def test_stated_wait_is_used_otherwise_a_minute_at_high_usage(make_limiter, clock):
    limiter = make_limiter()
    throttle(limiter, usage=Usage(100, 420))
    throttle(limiter, usage=Usage(80, 0))
    throttle(limiter, wait_seconds=33)
    call(limiter)
    assert clock.slept == [420, 60, 33]


def test_wait_that_is_too_long_is_raised_after_the_budget_is_closed(make_limiter, clock, budget, waits):
    limiter, long = make_limiter(), MAX_WAIT_SECONDS + 60
    with pytest.raises(RateLimitError) as caught:
        throttle(limiter, usage=Usage(100, long))
    assert caught.value.wait_seconds == budget.reserve(0) == long
    for other in (limiter, make_limiter()):  # a later call, and a later run with the same budget
        with pytest.raises(RateLimitError) as caught:
            other.acquire()
        assert caught.value.wait_seconds >= long
    assert (clock.slept, waits) == ([], [])


def test_wait_of_another_process_is_reported_once(make_limiter, clock, budget, waits):
    budget.close(300, "another process")
    limiter = make_limiter(2)
    call(limiter)
    call(limiter)
    assert [seconds for _, seconds in waits] == [300]
    assert clock.slept == [300, pytest.approx(MARGIN / 2)]


def test_gap_between_calls_grows_with_the_usage(make_limiter, clock):
    limiter = make_limiter(2)
    for percent in (74, 75, 85, 94, 0, 0):
        call(limiter, Usage(percent))
    wider = [seconds / (MARGIN / 2) for seconds in clock.slept]
    assert wider[0] == pytest.approx(1)
    assert 1 < wider[1] < wider[2] < wider[3] <= 5.01
    assert wider[4] == pytest.approx(1)


def test_nearly_exhausted_usage_pauses_before_the_next_call(make_limiter, clock, waits):
    limiter = make_limiter()
    call(limiter, Usage(95))
    call(limiter, Usage(99, 120))
    call(limiter)
    call(limiter)
    assert clock.slept == [60, 120]
    assert [text for text, _ in waits] == [
        "Facebook counts 95 % of the calls that it allows.",
        "Facebook counts 99 % of the calls that it allows.",
    ]


def test_throttles_of_concurrent_calls_count_as_one(make_limiter, clock, waits):
    limiter = make_limiter()
    permits = [limiter.acquire() for _ in range(4)]
    for permit in permits:
        limiter.on_throttle(permit, RateLimitError("Too many calls."), Usage())
    call(limiter)
    assert (clock.slept, len(waits)) == ([2], 1)


def test_success_of_an_earlier_call_does_not_end_the_closure(make_limiter, clock):
    limiter = make_limiter()
    early = limiter.acquire()
    throttle(limiter)
    limiter.on_success(early, Usage())
    throttle(limiter)
    call(limiter)
    assert clock.slept == [2, 10]


def test_throttle_delays_a_call_that_waits_for_its_start(make_limiter, clock):
    out: list[Permit] = []

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if out:
            limiter.on_throttle(out.pop(), RateLimitError("Too many calls."), Usage())

    limiter = make_limiter(2, sleep)
    out.append(limiter.acquire())
    assert limiter.acquire().is_probe
    assert clock.slept == pytest.approx([MARGIN / 2, 2])


def test_no_start_is_reserved_while_a_closure_is_being_stored(make_limiter, clock, budget, waits):
    """It would be in the middle of the closure, and reported as the time to wait."""
    storing, goes_on, close = threading.Event(), threading.Event(), budget.close

    def close_slowly(seconds: float, reason: str) -> None:
        storing.set()
        assert goes_on.wait(60)
        close(seconds, reason)

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if storing.is_set():
            goes_on.set()
        else:
            throttling.start()
            assert storing.wait(60)

    limiter = make_limiter(2, sleep)
    error = RateLimitError("Too many calls.")
    error.wait_seconds = 120
    usage = Usage(100, 120)
    throttling = threading.Thread(target=limiter.on_throttle, args=[limiter.acquire(), error, usage])
    budget.close = close_slowly
    assert limiter.acquire().is_probe
    throttling.join()
    assert waits == [("Too many calls.", pytest.approx(120))]


def test_closure_that_is_over_when_its_thread_wakes_is_reported(make_limiter, clock, waits):
    limiter = make_limiter()
    throttle(limiter)
    clock.now += 10
    call(limiter)
    assert (waits, clock.slept) == ([("Too many calls.", 0)], [])


def test_probe_without_a_response_is_followed_by_another(make_limiter, clock):
    limiter = make_limiter()
    throttle(limiter)
    limiter.on_failure(limiter.acquire())
    assert limiter.acquire().is_probe
    assert clock.slept == [2]


def test_limiter_works_after_a_thread_was_stopped_in_its_sleep(make_limiter, clock, waits):
    stops = [Stopped()]

    def sleep(seconds: float) -> None:
        if stops:
            raise stops.pop()
        clock.sleep(seconds)

    limiter = make_limiter(sleep=sleep)
    throttle(limiter)
    with pytest.raises(Stopped):
        limiter.acquire()
    call(limiter)
    assert (clock.slept, len(waits)) == ([2], 1)


# -- threads -----------------------------------------------------------------------------------------------
@pytest.fixture
def make_real_limiter(waits):
    def make(retry_seconds: float = 0.01, sleep=time.sleep) -> RateLimiter:
        return RateLimiter(
            ProcessBudget(),
            GraphOptions(calls_per_second=0, retry_seconds=retry_seconds),
            CallbackHooks(on_wait=lambda error, seconds: waits.append((error.text, seconds)), sleep=sleep),
        )

    return make


def test_one_thread_probes_and_the_others_wait_for_it(make_real_limiter, waits):
    limiter = make_real_limiter()
    limiter.on_throttle(limiter.acquire(), RateLimitError("Too many calls."), Usage())
    probing = limiter.acquire()
    probes: list[bool] = []

    def send() -> None:
        permit = limiter.acquire()
        probes.append(permit.is_probe)
        limiter.on_success(permit, Usage())

    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(send) for _ in range(5)]
        assert probing.is_probe
        assert probes == []
        limiter.on_success(probing, Usage())
        for future in waiting:
            future.result(10)
    assert probes == [False] * 5
    assert len(waits) == 1


def test_giving_up_is_raised_in_all_threads(make_real_limiter):
    limiter, errors = make_real_limiter(retry_seconds=0.001), []

    def ask() -> None:
        try:
            while True:
                limiter.on_throttle(limiter.acquire(), RateLimitError("Too many calls."), Usage())
        except RateLimitError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len({id(error) for error in errors}) == 5


def test_waiting_threads_can_be_stopped_during_a_probe(make_real_limiter):
    stopping = threading.Event()

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Stopped

    limiter = make_real_limiter(sleep=sleep)
    limiter.on_throttle(limiter.acquire(), RateLimitError("Too many calls."), Usage())
    limiter.acquire()  # a probe without a response
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(limiter.acquire) for _ in range(3)]
        stopping.set()
        for future in waiting:
            with pytest.raises(Stopped):
                future.result(10)
