from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from conversations import tasks
from conversations.connections.shared_budget import SharedBudget
from conversations.lib.locks import sync_lock
from conversations.models import Conversation, InteractionEvent, Page, SyncRun
from tests.factories import ConversationFactory, PageFactory, SyncRunFactory

pytestmark = pytest.mark.django_db
Status, Mode = SyncRun.Status, SyncRun.Mode


@pytest.fixture
def page(db) -> Page:
    """A Page whose last sync, a full one, was an hour ago: the next one is due."""
    then = timezone.now() - timedelta(hours=1)
    page = PageFactory(last_synced_at=then, last_full_sync_at=then)
    SyncRunFactory(page=page, status=Status.COMPLETE, ended_at=then)
    return page


@pytest.fixture(autouse=True)
def connection_stays_open(monkeypatch):
    """A task closes its connection at the end; here it is the connection of the test."""
    monkeypatch.setattr(tasks.connection, "close", lambda: None)


def queued(page: Page) -> list[tuple[int, str]]:
    """Return (ID, mode) of the queued runs, and assert that each has exactly one waiting job."""
    runs = list(page.runs.filter(status=Status.QUEUED).order_by("pk"))
    for run in runs:
        assert waiting_jobs(run) == 1
    return [(run.pk, str(run.mode)) for run in runs]


def waiting_jobs(run: SyncRun) -> int:
    return ProcrastinateJob.objects.filter(status="todo", args__run_id=run.pk).count()


def add_active(page: Page, **values) -> SyncRun:
    return SyncRunFactory(page=page, status=Status.SYNCING, ended_at=None, **values)


def add_queued(page: Page, **values) -> SyncRun:
    return SyncRunFactory(page=page, status=Status.QUEUED, ended_at=None, **values)


def modes(page: Page) -> list[str]:
    return [mode for _, mode in queued(page)]


# -- resuming ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("at_start", [True, False])
def test_run_of_a_dead_process_is_followed_by_one_of_the_same_mode(page, at_start):
    add_active(page, mode=Mode.FULL)
    tasks.take_over(at_start=at_start)
    tasks.take_over(at_start=at_start)
    assert modes(page) == ["full"]


def test_queued_run_that_is_older_than_the_dead_one_gets_a_job(page):
    older = add_queued(page, mode=Mode.INCREMENTAL)
    add_active(page, mode=Mode.INCREMENTAL)
    tasks.take_over()
    assert queued(page) == [(older.pk, "incremental")]


def test_queued_run_that_is_older_than_one_that_ended_gets_a_job(page):
    older = add_queued(page)
    SyncRunFactory(page=page, status=Status.COMPLETE, ended_at=timezone.now())
    tasks.take_over()
    assert [pk for pk, _ in queued(page)] == [older.pk]


def test_queued_run_whose_worker_died_gets_another_job(page):
    run = tasks.request_sync(page, trigger="button")
    ProcrastinateJob.objects.filter(args__run_id=run.pk).update(status="doing")
    tasks.take_over(at_start=True)
    assert [pk for pk, _ in queued(page)] == [run.pk]


def test_request_returns_a_run_with_a_job(page):
    older = add_queued(page)
    assert tasks.request_sync(page, trigger="button") == older
    assert [pk for pk, _ in queued(page)] == [older.pk]


def test_page_with_a_sync_in_progress_is_left_unchanged(page):
    run, waiting = add_active(page), add_queued(page)
    with sync_lock(page.pk):
        tasks.take_over(at_start=True)
        assert tasks.request_sync(page, trigger="button") == run
    assert waiting_jobs(waiting) == 0


def test_interrupted_run_is_resumed_only_when_a_worker_starts(page):
    SyncRunFactory(page=page, status=Status.INTERRUPTED, mode=Mode.FULL, ended_at=timezone.now())
    tasks.take_over()
    assert queued(page) == []
    tasks.take_over(at_start=True)
    assert modes(page) == ["full"]


# -- the schedule ------------------------------------------------------------------------------------------
def test_page_with_a_recent_full_sync_is_synced_incrementally(page):
    tasks.keep_current(0)
    assert modes(page) == ["incremental"]


@pytest.mark.parametrize("audited", [None, timezone.now() - tasks.AUDIT_AFTER - timedelta(minutes=1)])
def test_page_without_a_recent_full_sync_is_synced_in_full(page, audited):
    Page.objects.filter(pk=page.pk).update(last_full_sync_at=audited)
    tasks.keep_current(0)
    assert modes(page) == ["full"]


def test_only_one_full_sync_is_queued(page):
    Page.objects.filter(pk=page.pk).update(last_full_sync_at=None)
    for _ in range(2):
        tasks.keep_current(0)
    assert modes(page) == ["full"]


def test_disabled_schedule_requests_no_full_sync_either(page, settings):
    settings.SYNC_EVERY_MINUTES = 0
    Page.objects.filter(pk=page.pk).update(last_full_sync_at=None)
    tasks.keep_current(0)
    assert queued(page) == []


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_schedule_starts_nothing_while_facebook_wants_a_long_pause(page, platform):
    with SharedBudget(page.facebook_page_id, platform) as budget:
        budget.close(tasks.WAIT_SECONDS + 60, "(#4) Application request limit reached")
    tasks.keep_current(0)
    assert queued(page) == []
    tasks.request_sync(page, trigger="button")
    assert modes(page) == ["incremental"]


def test_schedule_ignores_a_short_pause(page):
    with SharedBudget(page.facebook_page_id, "messenger") as budget:
        budget.close(tasks.WAIT_SECONDS - 30, "(#613) Calls exceeded the rate limit")
    tasks.keep_current(0)
    assert modes(page) == ["incremental"]


def test_periodic_tasks_run_as_often_as_promised():
    """The seconds are the last column: in front they would be the minutes."""
    app.perform_import_paths()
    noon = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()
    seconds = {
        entry.task.name: entry.croniter.get_next(float, start_time=noon) - noon
        for entry in app.periodic_registry.periodic_tasks.values()
    }
    assert seconds == {
        "archive_files": 60,
        "delete_expired": 60,
        "drop_old_numbers": 17 * 60,
        "end_snoozes": 5,
        "erase_old_messages": 41 * 60,
        "erase_pages": 60,
        "fold_messages": 5,
        "keep_current": 15,
        "name_people": 5,
        "watch_access": 23 * 60,
        "watch_pages": 15,
        "watch_subscriptions": 300,
        "work_on_operations": 15,
        "work_on_outbox": 5,
        "work_on_webhooks": 5,
        "write_exports": 15,
    }


# -- snoozes -----------------------------------------------------------------------------------------------
def test_snoozes_end_at_their_time(page):
    now = timezone.now()
    due, later, never = (
        ConversationFactory(page=page, snoozed_until=until)
        for until in (now - timedelta(seconds=1), now + timedelta(hours=1), None)
    )
    tasks.end_snoozes(0)
    times = {row.pk: row.snoozed_until for row in Conversation.objects.all()}
    assert times == {due.pk: None, later.pk: later.snoozed_until, never.pk: None}
    assert [event.conversation_id for event in InteractionEvent.objects.filter(kind="snooze_ended")] == [
        due.pk
    ]
