import pytest

from conversations.graph.call_budget import ProcessBudget


@pytest.fixture
def budget(clock) -> ProcessBudget:
    return ProcessBudget(clock=clock.monotonic)


def test_starts_are_a_gap_apart(budget):
    assert [budget.reserve(0.5) for _ in range(3)] == [0, 0.5, 1]


def test_unused_time_is_not_saved(budget, clock):
    budget.reserve(0.5)
    clock.now += 100
    assert [budget.reserve(0.5) for _ in range(3)] == [0, 0.5, 1]


def test_closed_budget_gives_the_first_start_after_the_closure(budget, clock):
    budget.close(60, "asked to wait")
    assert budget.reserve(0.5) == 60
    clock.now += 60
    assert budget.reserve(0.5) == 0.5


def test_shorter_closure_does_not_shorten_a_longer_one(budget):
    budget.close(60, "long")
    budget.close(2, "short")
    assert budget.reserve(0) == 60


def test_without_a_gap_nobody_waits(budget):
    assert [budget.reserve(0) for _ in range(100)] == [0] * 100
