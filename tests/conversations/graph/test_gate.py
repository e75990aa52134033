"""When calls start: alone in fake time, and many threads in real time."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from conversations.graph.errors import RateLimitError
from conversations.graph.gate import LONGEST_WAIT_SECONDS, THROTTLE_PAUSES_SECONDS, Gate
from conversations.graph.pace import MARGIN, ProcessBudget
from conversations.graph.usage import Usage


class Stopped(Exception):
    pass


@pytest.fixture
def told() -> list[tuple[str, float]]:
    return []


@pytest.fixture
def budget(clock) -> ProcessBudget:
    return ProcessBudget(clock=clock.monotonic)


@pytest.fixture
def make_gate(clock, budget, told):
    def make(calls_per_second: float = 0, **options) -> Gate:
        given = {
            "calls_per_second": calls_per_second,
            "retry_seconds": 1,
            "on_wait": lambda error, seconds: told.append((error.words, seconds)),
            "sleep": clock.sleep,
            "clock": clock.monotonic,
        }
        return Gate(options.pop("budget", budget), **given | options)

    return make


def call(gate: Gate, usage: Usage = Usage()) -> None:  # noqa: B008 - it is frozen
    gate.answered(gate.enter(), usage)


def throttle(gate: Gate, wait_seconds: float = 0, usage: Usage = Usage()) -> None:  # noqa: B008 - the same
    error = RateLimitError("Too many calls.")
    error.wait_seconds = wait_seconds
    gate.throttled(gate.enter(), error, usage)


def test_calls_start_evenly_and_slow_ones_earn_no_burst(make_gate, clock):
    gate, begun = make_gate(2), []
    for seconds in (0.01, 0.01, 30, 0, 0, 0):
        ticket = gate.enter()
        begun.append(clock.now)
        clock.now += seconds
        gate.answered(ticket, Usage())
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert gaps == pytest.approx([MARGIN / 2, MARGIN / 2, 30, MARGIN / 2, MARGIN / 2])


def test_thread_that_wakes_late_does_not_shorten_the_next_gap(make_gate, clock):
    gate = make_gate(2, sleep=lambda seconds: clock.sleep(seconds + 0.2))
    begun = []
    for _ in range(4):
        gate.answered(gate.enter(), Usage())
        begun.append(clock.now)
    assert min(later - earlier for earlier, later in itertools.pairwise(begun)) >= MARGIN / 2


def test_call_that_is_sent_late_holds_back_the_one_that_would_be_too_many(make_gate, clock):
    """Its thread got no turn for a while; those behind it had their starts by then."""
    gate, sent = make_gate(2), []
    for late in (0.3, 0, 0):
        ticket = gate.enter()
        clock.now += late
        gate.sent()
        sent.append(clock.now)
        clock.now -= late
        gate.answered(ticket, Usage())
    assert sent[2] - sent[0] == pytest.approx(MARGIN)


def test_without_a_cap_nobody_waits(make_gate, clock):
    gate = make_gate()
    for _ in range(100):
        call(gate)
    assert clock.slept == []


def test_one_odd_refusal_costs_seconds_and_is_told_once(make_gate, clock, told):
    gate = make_gate()
    throttle(gate)
    call(gate)
    call(gate)
    assert clock.slept == [2]
    assert told == [("Too many calls.", 2)]


def test_pauses_grow_while_probes_fail_and_begin_anew_after_one_that_succeeds(make_gate, clock):
    gate = make_gate()
    for _ in range(3):
        throttle(gate)
    call(gate)
    throttle(gate)
    call(gate)
    assert clock.slept == [2, 10, 60, 2]


def test_patience_ends(make_gate, clock):
    gate = make_gate()
    for _ in THROTTLE_PAUSES_SECONDS:
        throttle(gate)
    with pytest.raises(RateLimitError):
        throttle(gate)
    assert clock.slept == list(THROTTLE_PAUSES_SECONDS)
    call(gate)  # and may be tried again
    assert len(clock.slept) == len(THROTTLE_PAUSES_SECONDS) + 1


def test_what_facebook_says_is_waited_else_a_minute_where_usage_is_high(make_gate, clock):
    gate = make_gate()
    throttle(gate, usage=Usage(100, 420))
    throttle(gate, usage=Usage(80, 0))
    throttle(gate, wait_seconds=33)
    call(gate)
    assert clock.slept == [420, 60, 33]


def test_wait_that_is_too_long_is_raised_after_the_budget_knows(make_gate, clock, budget, told):
    gate, long = make_gate(), LONGEST_WAIT_SECONDS + 60
    with pytest.raises(RateLimitError) as caught:
        throttle(gate, usage=Usage(100, long))
    assert caught.value.wait_seconds == budget.reserve(0) == long
    for other in (gate, make_gate()):  # a later call, and a later run with the same budget
        with pytest.raises(RateLimitError) as caught:
            other.enter()
        assert caught.value.wait_seconds >= long
    assert (clock.slept, told) == ([], [])


def test_wait_of_another_process_is_told_once(make_gate, clock, budget, told):
    budget.close(300, "another process")
    gate = make_gate(2)
    call(gate)
    call(gate)
    assert [seconds for _, seconds in told] == [300]
    assert clock.slept == [300, pytest.approx(MARGIN / 2)]


def test_calls_are_spaced_wider_the_higher_the_usage(make_gate, clock):
    gate = make_gate(2)
    for percent in (74, 75, 85, 94, 0, 0):
        call(gate, Usage(percent))
    wider = [seconds / (MARGIN / 2) for seconds in clock.slept]
    assert wider[0] == pytest.approx(1)
    assert 1 < wider[1] < wider[2] < wider[3] <= 5.01
    assert wider[4] == pytest.approx(1)


def test_nearly_used_up_budget_is_waited_for_before_the_next_call(make_gate, clock, told):
    gate = make_gate()
    call(gate, Usage(95))
    call(gate, Usage(99, 120))
    call(gate)
    call(gate)
    assert clock.slept == [60, 120]
    assert [words for words, _ in told] == [
        "Facebook counts 95 % of the calls that it allows.",
        "Facebook counts 99 % of the calls that it allows.",
    ]


def test_refusals_of_calls_that_were_out_together_are_one(make_gate, clock, told):
    gate = make_gate()
    tickets = [gate.enter() for _ in range(4)]
    for ticket in tickets:
        gate.throttled(ticket, RateLimitError("Too many calls."), Usage())
    call(gate)
    assert (clock.slept, len(told)) == ([2], 1)


def test_success_from_before_the_closing_does_not_open_it(make_gate, clock):
    gate = make_gate()
    early = gate.enter()
    throttle(gate)
    gate.answered(early, Usage())
    throttle(gate)
    call(gate)
    assert clock.slept == [2, 10]


def test_refusal_that_comes_while_the_next_call_waits_for_its_start_holds_it_back(make_gate, clock):
    gate = make_gate(2)
    out = [gate.enter()]

    def sleep(seconds: float) -> None:
        clock.sleep(seconds)
        if out:
            gate.throttled(out.pop(), RateLimitError("Too many calls."), Usage())

    gate._sleep = sleep
    assert gate.enter().probes
    assert clock.slept == pytest.approx([MARGIN / 2, 2])


def test_probe_without_an_answer_is_followed_by_another(make_gate, clock):
    gate = make_gate()
    throttle(gate)
    gate.failed(gate.enter())
    assert gate.enter().probes
    assert clock.slept == [2]


def test_thread_that_is_stopped_in_its_sleep_leaves_the_gate_usable(make_gate, clock, told):
    def stop(seconds: float) -> None:
        raise Stopped

    gate = make_gate()
    throttle(gate)
    gate._sleep = stop
    with pytest.raises(Stopped):
        gate.enter()
    gate._sleep = clock.sleep
    call(gate)
    assert (clock.slept, len(told)) == ([2], 1)


# -- threads -----------------------------------------------------------------------------------------------
@pytest.fixture
def make_real_gate(told):
    def make(**options) -> Gate:
        given: dict[str, Any] = {
            "calls_per_second": 0,
            "retry_seconds": 0.01,
            "on_wait": lambda error, seconds: told.append((error.words, seconds)),
            "sleep": time.sleep,
        }
        return Gate(ProcessBudget(), **given | options)

    return make


def test_one_thread_probes_and_the_others_wait_for_it(make_real_gate, told):
    gate = make_real_gate()
    gate.throttled(gate.enter(), RateLimitError("Too many calls."), Usage())
    probing = gate.enter()
    entered: list[bool] = []

    def enter() -> None:
        ticket = gate.enter()
        entered.append(ticket.probes)
        gate.answered(ticket, Usage())

    with ThreadPoolExecutor(5) as pool:
        waiting = [pool.submit(enter) for _ in range(5)]
        assert probing.probes
        assert entered == []
        gate.answered(probing, Usage())
        for future in waiting:
            future.result(10)
    assert entered == [False] * 5
    assert len(told) == 1


def test_end_of_patience_is_raised_in_all_threads(make_real_gate):
    gate, errors = make_real_gate(retry_seconds=0.001), []

    def ask() -> None:
        try:
            while True:
                gate.throttled(gate.enter(), RateLimitError("Too many calls."), Usage())
        except RateLimitError as error:
            errors.append(error)

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({id(error) for error in errors}) == 5


def test_waiting_threads_can_be_stopped_while_a_probe_is_out(make_real_gate):
    stopping = threading.Event()

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise Stopped

    gate = make_real_gate(sleep=sleep)
    gate.throttled(gate.enter(), RateLimitError("Too many calls."), Usage())
    gate.enter()  # a probe that is not answered
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(gate.enter) for _ in range(3)]
        stopping.set()
        for future in waiting:
            with pytest.raises(Stopped):
                future.result(10)
