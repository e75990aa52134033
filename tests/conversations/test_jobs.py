from datetime import timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import jobs
from conversations.budget import SharedBudget
from conversations.locks import sync_lock
from conversations.models import Page, SyncRun
from tests.factories import PageFactory, SyncRunFactory

pytestmark = pytest.mark.django_db
Status, Mode = SyncRun.Status, SyncRun.Mode


@pytest.fixture
def page(db) -> Page:
    """Synced and audited an hour ago: due."""
    then = timezone.now() - timedelta(hours=1)
    page = PageFactory(last_synced_at=then, audited_at=then)
    SyncRunFactory(page=page, status=Status.COMPLETE, ended_at=then)
    return page


@pytest.fixture(autouse=True)
def connection_stays_open(monkeypatch):
    """What a job closes at its end is the test's own here."""
    monkeypatch.setattr(jobs.connection, "close", lambda: None)


def queued(page: Page) -> list[tuple[int, str]]:
    """(id, mode) of the runs that wait, each with exactly one job that waits."""
    runs = list(page.runs.filter(status=Status.QUEUED).order_by("pk"))
    for run in runs:
        assert waiting_jobs(run) == 1
    return [(run.pk, str(run.mode)) for run in runs]


def waiting_jobs(run: SyncRun) -> int:
    return ProcrastinateJob.objects.filter(status="todo", args__run_id=run.pk).count()


def in_work(page: Page, **values) -> SyncRun:
    return SyncRunFactory(page=page, status=Status.SYNCING, ended_at=None, **values)


def queue(page: Page, **values) -> SyncRun:
    return SyncRunFactory(page=page, status=Status.QUEUED, ended_at=None, **values)


def modes(page: Page) -> list[str]:
    return [mode for _, mode in queued(page)]


# -- taking over -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("at_start", [True, False])
def test_run_of_a_dead_process_is_followed_by_one_of_its_mode(page, at_start):
    in_work(page, mode=Mode.FULL)
    jobs.take_over(at_start=at_start)
    jobs.take_over(at_start=at_start)
    assert modes(page) == ["full"]


def test_queued_run_that_is_older_than_the_dead_one_gets_a_job(page):
    older = queue(page, mode=Mode.INCREMENTAL)
    in_work(page, mode=Mode.INCREMENTAL)
    jobs.take_over()
    assert queued(page) == [(older.pk, "incremental")]


def test_queued_run_that_is_older_than_one_that_ended_gets_a_job(page):
    older = queue(page)
    SyncRunFactory(page=page, status=Status.COMPLETE, ended_at=timezone.now())
    jobs.take_over()
    assert [run for run, _ in queued(page)] == [older.pk]


def test_queued_run_whose_job_a_worker_took_and_died_gets_another_at_once(page):
    run = jobs.request_sync(page, trigger="button")
    ProcrastinateJob.objects.filter(args__run_id=run.pk).update(status="doing")
    jobs.take_over(at_start=True)
    assert [found for found, _ in queued(page)] == [run.pk]


def test_who_asks_for_a_sync_gets_a_run_with_a_job(page):
    older = queue(page)
    assert jobs.request_sync(page, trigger="button") == older
    assert [run for run, _ in queued(page)] == [older.pk]


def test_page_that_somebody_works_on_is_left_alone(page):
    run, waiting = in_work(page), queue(page)
    with sync_lock(page.pk):
        jobs.take_over(at_start=True)
        assert jobs.request_sync(page, trigger="button") == run
    assert waiting_jobs(waiting) == 0


def test_what_was_stopped_goes_on_at_the_next_start_alone(page):
    SyncRunFactory(page=page, status=Status.INTERRUPTED, mode=Mode.FULL, ended_at=timezone.now())
    jobs.take_over()
    assert queued(page) == []
    jobs.take_over(at_start=True)
    assert modes(page) == ["full"]


# -- the schedule ------------------------------------------------------------------------------------------
def test_page_that_was_audited_of_late_is_synced_incrementally(page):
    jobs.keep_current(0)
    assert modes(page) == ["incremental"]


@pytest.mark.parametrize("audited", [None, timezone.now() - jobs.AUDIT_AFTER - timedelta(minutes=1)])
def test_page_is_walked_again_in_full_when_its_last_audit_is_old_or_none_was(page, audited):
    Page.objects.filter(pk=page.pk).update(audited_at=audited)
    jobs.keep_current(0)
    assert modes(page) == ["full"]


def test_nothing_is_asked_twice_while_an_audit_is_queued(page):
    Page.objects.filter(pk=page.pk).update(audited_at=None)
    for _ in range(2):
        jobs.keep_current(0)
    assert modes(page) == ["full"]


def test_schedule_that_is_off_asks_for_no_audit_either(page, settings):
    settings.SYNC_EVERY_MINUTES = 0
    Page.objects.filter(pk=page.pk).update(audited_at=None)
    jobs.keep_current(0)
    assert queued(page) == []


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_schedule_begins_nothing_while_facebook_wants_no_calls_for_long(page, platform):
    with SharedBudget(page.facebook_page_id, platform) as budget:
        budget.close(jobs.WAIT_SECONDS + 60, "(#4) Application request limit reached")
    jobs.keep_current(0)
    assert queued(page) == []
    jobs.request_sync(page, trigger="button")
    assert modes(page) == ["incremental"]


def test_schedule_does_not_mind_a_short_wait(page):
    with SharedBudget(page.facebook_page_id, "messenger") as budget:
        budget.close(jobs.WAIT_SECONDS - 30, "(#613) Calls exceeded the rate limit")
    jobs.keep_current(0)
    assert modes(page) == ["incremental"]
