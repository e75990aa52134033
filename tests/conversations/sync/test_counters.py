import gc
import tracemalloc

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from conversations.models import Page, SyncRun, Thread
from conversations.sync.counters import INCOMPLETE_RESULTS, STORED_RESULTS, ByteMap, ThreadCounters

COUNTERS = ("inserted", "updated", "unchanged", "skipped", "owed")


def counters_after(*results: tuple[int, str]) -> dict[str, int]:
    """The counters other than zero after these results, given as (thread, result)."""
    run = SyncRun()
    counters = ThreadCounters(run)
    for thread, result in results:
        counters.count(thread, result)
    assert run.total == run.accounted == sum(getattr(run, name) for name in COUNTERS)
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


RESULTS = [*STORED_RESULTS[1:], *INCOMPLETE_RESULTS[1:]]
# Neighbors, the borders of blocks, and numbers far beyond those of any database.
THREAD_IDS = st.one_of(st.integers(0, 200), st.integers(200_000_000, 200_000_200), st.integers(0, 2**40))


def naive_counters(results: dict[int, list[str]]) -> dict[str, int]:
    """The counters, from all results of each thread."""
    final = []
    for thread_results in results.values():
        last = thread_results[-1]
        stored = [result for result in thread_results if result in STORED_RESULTS]
        final.append(last if last in INCOMPLETE_RESULTS else max(stored, key=STORED_RESULTS.index))
    return {name: final.count(name) for name in COUNTERS if name in final}


@given(
    kept=st.lists(st.tuples(THREAD_IDS, st.sampled_from(RESULTS))),
    dropped=st.lists(st.tuples(THREAD_IDS, st.sampled_from(RESULTS))),
)
def test_counters_are_those_of_a_dictionary_of_threads(kept, dropped):
    run = SyncRun()
    counters = ThreadCounters(run)
    by_thread: dict[int, list[str]] = {}
    for thread, result in kept:
        counters.count(thread, result)
        by_thread.setdefault(thread, []).append(result)
    assert {name: getattr(run, name) for name in COUNTERS if getattr(run, name)} == naive_counters(by_thread)
    counters.mark()
    saved = {name: getattr(run, name) for name in COUNTERS}
    for thread, result in dropped:
        counters.count(thread, result)
    counters.roll_back()
    for name, number in saved.items():
        setattr(run, name, number)
    assert all(counters.has(thread) == (thread in by_thread) for thread, _ in kept + dropped)


@given(st.dictionaries(THREAD_IDS, st.integers(0, 255)), THREAD_IDS)
def test_byte_map_is_a_dictionary_with_zeros(numbers, key):
    byte_map = ByteMap()
    for known_key, number in numbers.items():
        byte_map[known_key] = number
    assert byte_map[key] == numbers.get(key, 0)
    assert {known_key: byte_map[known_key] for known_key in numbers} == numbers


@pytest.fixture
def sync_peak(transactional_db, sync, page):
    """Sync the Page from its beginning, with thread IDs from this one on. Return the peak of memory."""

    def measure(first_id: int) -> int:
        Thread.objects.all().delete()
        Page.objects.filter(pk=page.pk).update(last_synced_at=None, watermarks={})
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE conversations_thread ALTER id RESTART WITH {first_id}")
        gc.collect()
        tracemalloc.start()
        try:
            assert sync(full=True).status == "complete"
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


def test_memory_of_a_run_does_not_follow_the_ids_of_threads(sync_peak, add_threads, by_cursor):
    add_threads(300)
    sync_peak(1)  # loads what is loaded once
    small = sync_peak(10_000)
    large = sync_peak(200_000_000)
    assert Thread.objects.order_by("pk").first().pk == 200_000_000
    assert abs(large - small) < 10 * 2**20
