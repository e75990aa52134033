"""The timeline of a run: a few samples, however long it takes, and its pauses."""

import itertools
import random
from datetime import timedelta

import pytest

from conversations.models import SyncRun
from conversations.sync import run_lifecycle, timeline
from tests.factories import NOON, SyncRunFactory
from tests.seeds import SEED


@pytest.fixture
def run() -> SyncRun:
    return SyncRun(started_at=NOON, heartbeat_at=NOON, status="syncing")


def advance(run: SyncRun, second: float, **values) -> bool:
    for name, value in values.items():
        setattr(run, name, value)
    run.heartbeat_at = NOON + timedelta(seconds=second)
    return timeline.take_sample(run)


def wait(run: SyncRun, second: float, seconds: float, why: str = "Slow down.", status: str = "waiting"):
    run.status, run.wait_reason = status, why
    run.waits_until = NOON + timedelta(seconds=second + seconds)
    timeline.note_wait(run, seconds)


def test_sample_shows_progress_and_is_taken_every_few_seconds(run):
    assert advance(run, 0)
    assert not advance(run, 1.9, inserted=90)
    assert advance(run, 2, inserted=100, skipped=1, events_created=300, requests=4, total=110)
    assert run.samples == [[0, 0, 0, 0, 0], [2, 101, 300, 4, 110]]


def test_end_of_a_run_is_always_sampled(run):
    advance(run, 0)
    assert advance(run, 0.5, inserted=7, ended_at=NOON)
    assert [sample[:2] for sample in run.samples] == [[0, 0], [0.5, 7]]


@pytest.mark.parametrize("seconds", [10, 300, 3_600, 80_000])
def test_few_samples_cover_a_run_of_any_length(run, seconds):
    print(f"seed {SEED}")  # noqa: T201 - shown if the test fails
    dice, now = random.Random(SEED), 0.0
    while now < seconds:
        advance(run, now)
        now += dice.uniform(0.1, max(2, seconds / 2_000))
    moments = [sample[0] for sample in run.samples]
    assert moments[0] == 0
    assert moments == sorted(moments)
    assert len(moments) <= timeline.MAX_SAMPLES
    assert len(moments) > min(3, seconds / 5)
    widest = max(after - before for before, after in itertools.pairwise(moments))
    assert widest < max(8, seconds / 10)


def test_queued_run_has_no_timeline(run):
    run.started_at = None
    assert not advance(run, 5)
    wait(run, 1, 1)
    assert (run.samples, run.waits) == ([], [])


def test_consecutive_pauses_with_one_reason_are_merged(run):
    wait(run, 10, 30)
    wait(run, 10.2, 30)  # another thread
    wait(run, 43, 60)  # it fails again a moment after the repeated call
    assert run.waits == [{"at": 10, "seconds": 93, "status": "waiting", "why": "Slow down."}]
    wait(run, 200, 1)
    wait(run, 200.5, 2, "Facebook says: HTTP 500", "retrying")
    assert [row["at"] for row in run.waits] == [10, 200, 200.5]


def test_only_the_newest_pauses_are_kept(run):
    for number in range(timeline.MAX_WAITS + 10):
        wait(run, 100 * number, 1)
    assert len(run.waits) == timeline.MAX_WAITS
    assert run.waits[-1]["at"] == 100 * (timeline.MAX_WAITS + 9)


@pytest.mark.django_db
def test_samples_and_pauses_are_written_only_when_there_are_new_ones(django_assert_num_queries):
    run = SyncRunFactory(status="syncing", ended_at=None, started_at=NOON)
    run_lifecycle.save(run)
    with django_assert_num_queries(1) as seen:  # the row with the notification
        run_lifecycle.save(run)
    assert not any('"samples"' in query["sql"] or '"waits"' in query["sql"] for query in seen)
    run_lifecycle.pause(run, "waiting", "Slow down.", 30)
    again = SyncRun.objects.get()
    assert (len(again.samples), len(again.waits)) == (1, 1)
