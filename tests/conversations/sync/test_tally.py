import pytest

from conversations.models import SyncRun
from conversations.sync.tally import Tally

COUNTERS = ("inserted", "updated", "unchanged", "skipped", "owed")


def counted(*results: tuple[int, str]) -> dict[str, int]:
    """The counters that are not zero, after these results of these threads."""
    run = SyncRun()
    tally = Tally(run)
    for thread, result in results:
        tally.count(thread, result)
    assert run.total == tally.accounted == sum(getattr(run, name) for name in COUNTERS)
    return {name: getattr(run, name) for name in COUNTERS if getattr(run, name)}


def test_each_thread_is_counted():
    results = [(5, "inserted"), (9, "inserted"), (70_000, "skipped"), (1, "unchanged")]
    assert counted(*results) == {"inserted": 2, "skipped": 1, "unchanged": 1}


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
def test_thread_that_is_listed_again_is_counted_once(results, final):
    assert counted(*((7, result) for result in results)) == {final: 1}


def test_total_known_from_before_is_kept_until_more_is_found():
    run = SyncRun()
    tally = Tally(run, known_total=2)
    totals = []
    for thread in range(3):
        tally.count(thread, "unchanged")
        totals.append(run.total)
    assert totals == [2, 2, 3]
