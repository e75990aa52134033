import itertools

import pytest

from conversations.graph import pace
from conversations.graph.pace import MARGIN, Pace


class FakeTime:
    """A clock that only moves when somebody sleeps or works."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> FakeTime:
    clock = FakeTime()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def starts(clock: FakeTime, calls_per_second: float, works: list[float]) -> list[float]:
    """When the calls begin that take so long each."""
    steps, begun = Pace(calls_per_second, sleep=clock.sleep), []
    for seconds in works:
        steps.wait()
        begun.append(clock.now)
        clock.now += seconds
    return begun


def test_calls_start_evenly_and_never_more_than_the_cap_in_a_second(clock):
    begun = starts(clock, 2, [0.01] * 20)
    gaps = [later - earlier for earlier, later in itertools.pairwise(begun)]
    assert gaps == pytest.approx([MARGIN / 2] * 19)
    assert all(begun[i + 2] - begun[i] > 1 for i in range(18))


def test_slow_calls_do_not_earn_a_burst(clock):
    begun = starts(clock, 2, [30, 0, 0, 0])
    assert [time - begun[1] for time in begun[2:]] == pytest.approx([MARGIN / 2, MARGIN])


def test_first_call_does_not_wait(clock):
    assert starts(clock, 2, [0]) == [1000.0]


def test_without_a_cap_nobody_waits(clock):
    assert starts(clock, 0, [0] * 100) == [1000.0] * 100
