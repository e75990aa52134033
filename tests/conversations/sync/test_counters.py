import pytest

from conversations.models import SyncRun
from conversations.sync.counters import ThreadCounters

COUNTERS = ("inserted", "updated", "unchanged", "skipped", "owed")


def counters_after(*results: tuple[int, str]) -> dict[str, int]:
    """The counters other than zero after these results, given as (thread, result)."""
    run = SyncRun()
    counters = ThreadCounters(run)
    for thread, result in results:
        counters.count(thread, result)
    assert run.total == counters.accounted == sum(getattr(run, name) for name in COUNTERS)
    return {name: getattr(run, name) for name in COUNTERS if getattr(run, name)}


def test_every_thread_is_counted():
    results = [(5, "inserted"), (9, "inserted"), (70_000, "skipped"), (1, "unchanged")]
    assert counters_after(*results) == {"inserted": 2, "skipped": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("results", "final"),
    [
        (["inserted", "unchanged"], "inserted"),
        (["inserted", "updated"], "inserted"),
        (["unchanged", "updated"], "updated"),
        (["updated", "unchanged"], "updated"),
        (["unchanged", "unchanged"], "unchanged"),
        (["inserted", "owed"], "owed"),
        (["inserted", "owed", "unchanged"], "inserted"),
        (["owed", "updated"], "updated"),
        (["skipped", "unchanged"], "unchanged"),
        (["unchanged", "skipped"], "skipped"),
        (["owed", "skipped"], "skipped"),
        (["skipped", "owed"], "owed"),
    ],
)
def test_thread_that_is_listed_twice_is_counted_once(results, final):
    assert counters_after(*((7, result) for result in results)) == {final: 1}


def test_known_total_stays_until_more_threads_are_counted():
    run = SyncRun()
    counters = ThreadCounters(run, known_total=2)
    totals = []
    for thread in range(3):
        counters.count(thread, "unchanged")
        totals.append(run.total)
    assert totals == [2, 2, 3]
