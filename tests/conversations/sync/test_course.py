"""What a run keeps of its way: few samples however long it lasts, and its pauses."""

import itertools
import random
from datetime import timedelta

import pytest

from conversations.models import SyncRun
from conversations.sync import course, runs
from tests.factories import NOON, SyncRunFactory


@pytest.fixture
def run() -> SyncRun:
    return SyncRun(started_at=NOON, alive_at=NOON, status="syncing")


def go_on(run: SyncRun, second: float, **values) -> bool:
    for name, value in values.items():
        setattr(run, name, value)
    run.alive_at = NOON + timedelta(seconds=second)
    return course.take_sample(run)


def wait(run: SyncRun, second: float, seconds: float, why: str = "Slow down.", status: str = "waiting"):
    run.status, run.waits_for = status, why
    run.waits_until = NOON + timedelta(seconds=second + seconds)
    course.note_wait(run, seconds)


def test_sample_tells_what_is_done_and_comes_every_few_seconds(run):
    assert go_on(run, 0)
    assert not go_on(run, 1.9, inserted=90)
    assert go_on(run, 2, inserted=100, skipped=1, events_created=300, requests=4, total=110)
    assert run.samples == [[0, 0, 0, 0, 0], [2, 101, 300, 4, 110]]


def test_end_is_sampled_whenever_it_comes(run):
    go_on(run, 0)
    assert go_on(run, 0.5, inserted=7, ended_at=NOON)
    assert [sample[:2] for sample in run.samples] == [[0, 0], [0.5, 7]]


@pytest.mark.parametrize("seconds", [10, 300, 3_600, 80_000])
def test_long_runs_keep_few_samples_that_cover_all_of_it(run, seconds):
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    dice, now = random.Random(seed), 0.0
    while now < seconds:
        go_on(run, now)
        now += dice.uniform(0.1, max(2, seconds / 2_000))
    moments = [sample[0] for sample in run.samples]
    assert moments[0] == 0
    assert moments == sorted(moments)
    assert len(moments) <= course.SAMPLES
    assert len(moments) > min(3, seconds / 5)
    widest = max(after - before for before, after in itertools.pairwise(moments))
    assert widest < max(8, seconds / 10)


def test_queued_run_has_no_course(run):
    run.started_at = None
    assert not go_on(run, 5)
    wait(run, 1, 1)
    assert (run.samples, run.waits) == ([], [])


def test_pauses_of_one_reason_that_follow_each_other_are_one(run):
    wait(run, 10, 30)
    wait(run, 10.2, 30)  # another thread
    wait(run, 43, 60)  # again, a moment after it asked again
    assert run.waits == [{"at": 10, "seconds": 93, "status": "waiting", "why": "Slow down."}]
    wait(run, 200, 1)
    wait(run, 200.5, 2, "Facebook says: HTTP 500", "retrying")
    assert [row["at"] for row in run.waits] == [10, 200, 200.5]


def test_only_the_newest_pauses_are_kept(run):
    for number in range(course.WAITS + 10):
        wait(run, 100 * number, 1)
    assert len(run.waits) == course.WAITS
    assert run.waits[-1]["at"] == 100 * (course.WAITS + 9)


@pytest.mark.django_db
def test_the_row_gets_samples_and_pauses_only_when_there_are_new_ones(django_assert_num_queries):
    run = SyncRunFactory(status="syncing", ended_at=None, started_at=NOON)
    runs.save(run)
    with django_assert_num_queries(1) as seen:  # the row with the notification
        runs.save(run)
    assert not any('"samples"' in query["sql"] or '"waits"' in query["sql"] for query in seen)
    runs.pause(run, "waiting", "Slow down.", 30)
    again = SyncRun.objects.get()
    assert (len(again.samples), len(again.waits)) == (1, 1)
