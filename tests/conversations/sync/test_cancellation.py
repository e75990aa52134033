"""A run that another process cancels ends soon and keeps what it stored; the next run resumes."""

import random
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection, connections, transaction

from conversations import tasks
from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from conversations.sync.service import SyncResult, sync_conversations
from tests.conversations.sync.copies import assert_exact
from tests.factories import SyncRunFactory
from tests.seeds import SEED

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(small_batches, add_threads):
    """Threads for four consecutive answers."""
    return add_threads(40)


@pytest.fixture
def start_sync(page):
    """Start a sync in a thread and block it once some threads are stored.

    Returns a function that unblocks it and waits for the result, and the event that unblocks it.
    """

    def start():
        results: list[SyncResult] = []
        stored, unblock = threading.Event(), threading.Event()

        def block(progress) -> None:
            if progress.synced:
                stored.set()
                unblock.wait(120)

        def work() -> None:
            try:
                results.append(sync_conversations(Page.objects.get(pk=page.pk), on_progress=block))
            finally:
                connections.close_all()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert stored.wait(120)

        def result() -> SyncResult:
            unblock.set()
            thread.join(120)
            return results[0]

        return result, unblock

    return start


def test_cancelled_run_writes_nothing_more_and_the_next_one_resumes(
    page, sync, world, shop, inbox, by_cursor, start_sync, sandbox, django_user_model
):
    result, _ = start_sync()
    run = SyncRun.objects.get()
    cancelled = tasks.cancel_sync(run, asked_by=django_user_model(username="anna"))
    assert (cancelled.status, cancelled.ended_at is not None) == ("cancelled", True)
    before = (page.conversations.count(), SyncRun.objects.values().get())
    ended = result()
    assert (ended.status, ended.synced) == ("cancelled", 10)
    assert ended.error.startswith("The sync was cancelled by anna. What was stored is kept")
    assert (page.conversations.count(), SyncRun.objects.values().get()) == before
    sandbox.call_log.clear()
    again = sync()
    assert (again.status, again.synced, again.inserted) == ("complete", 40, 30)
    assert_exact(page, world, shop)


def test_run_that_waits_for_facebook_ends_within_seconds_of_its_cancellation(
    page, inbox, by_cursor, start_sync, sandbox, settings
):
    settings.GRAPH_RETRY_SECONDS = 30  # pauses of a minute and more, during which nothing is stored
    sandbox.faults.add(faults.graph_error(613), times=None, path="/conversations.*&after=")
    result, unblock = start_sync()
    unblock.set()
    until = time.monotonic() + 120
    while (run := SyncRun.objects.get()).status not in ("waiting", "retrying"):
        assert time.monotonic() < until, run
        time.sleep(0.05)  # between two checks
    tasks.cancel_sync(run)
    assert result().status == "cancelled"
    run.refresh_from_db()
    assert (run.status, run.error.split(".")[0]) == ("cancelled", "The sync was cancelled")
    assert run.waits[0]["why"]


def test_checkpoint_is_kept_when_a_later_queued_run_is_cancelled(page, sync, inbox, by_cursor, start_sync):
    result, _ = start_sync()
    tasks.cancel_sync(SyncRun.objects.get())
    result()
    queued = tasks.request_sync(page, trigger="admin")
    assert tasks.cancel_sync(queued).status == "cancelled"
    assert sync().inserted == 30


def test_ended_run_cannot_be_cancelled(page):
    run = SyncRunFactory(page=page)
    with pytest.raises(tasks.RunEnded, match=f"Run {run.pk} has already ended"):
        tasks.cancel_sync(run)
    run.refresh_from_db()
    assert run.status == "complete"


@pytest.mark.parametrize("at_start", [True, False])
@pytest.mark.parametrize("status", ["queued", "syncing"])
def test_cancelled_run_is_not_taken_over(page, status, at_start, monkeypatch):
    run = SyncRunFactory(page=page, status=status, ended_at=None)
    tasks.cancel_sync(run)
    tasks.take_over(at_start=at_start)
    assert not page.runs.active().exists()


def test_sync_requested_while_a_cancelled_one_ends_runs_soon(page, inbox, by_cursor, start_sync):
    result, _ = start_sync()
    tasks.cancel_sync(SyncRun.objects.get())
    next_run = tasks.request_sync(page, trigger="admin")
    assert next_run.status == "queued"
    worker = threading.Thread(target=tasks._sync, args=[next_run.pk, threading.Event()], daemon=True)
    worker.start()
    worker.join(0.2)
    assert worker.is_alive()  # it waits for the one that is ending
    result()
    worker.join(120)
    next_run.refresh_from_db()
    assert (next_run.status, next_run.inserted) == ("complete", 30)


# -- at the moment when a worker starts the run ------------------------------------------------------------
@pytest.fixture
def observer():
    """A separate connection that no transaction blocks."""
    own = connection.copy()
    yield own
    own.close()


def wait_until_blocked(observer) -> None:
    """Wait until a connection waits for a row lock of another one."""
    blocked = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock')"
    )
    until = time.monotonic() + 120
    with observer.cursor() as cursor:
        while not cursor.execute(blocked).fetchone()[0]:
            assert time.monotonic() < until
            time.sleep(0.02)  # between two checks


def in_thread(work) -> tuple[threading.Thread, list]:
    """Run in a thread. Its result, or the error it raised, is appended to the returned list."""
    outcome: list = []

    def do() -> None:
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=do, daemon=True)
    thread.start()
    return thread, outcome


def assert_never_started(run, sandbox) -> None:
    assert [(row.pk, row.status, row.started_at) for row in SyncRun.objects.all()] == [
        (run.pk, "cancelled", None)
    ]
    assert not sandbox.call_log.calls


def test_run_cancelled_before_its_worker_opens_it_does_not_start(page, inbox, sandbox, observer):
    run = tasks.request_sync(page, trigger="admin")
    sandbox.call_log.clear()
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)
        worker, outcome = in_thread(lambda: tasks._sync(run.pk, threading.Event()))
        wait_until_blocked(observer)  # it has seen the queued run and is about to open it
        tasks.cancel_sync(run)
    worker.join(120)
    assert outcome == [None]
    assert_never_started(run, sandbox)


def test_run_cancelled_while_its_worker_opens_it_does_not_start(page, inbox, sandbox, observer):
    run = tasks.request_sync(page, trigger="admin")
    sandbox.call_log.clear()
    with transaction.atomic():
        tasks.cancel_sync(run)
        worker, outcome = in_thread(lambda: tasks._sync(run.pk, threading.Event()))
        wait_until_blocked(observer)
    worker.join(120)
    assert outcome == [None]
    assert_never_started(run, sandbox)


def test_request_during_the_cancellation_of_a_queued_run_creates_another(page, observer):
    run = tasks.request_sync(Page.objects.get(pk=page.pk), trigger="admin")
    with transaction.atomic():
        tasks.cancel_sync(run)
        requester, outcome = in_thread(lambda: tasks.request_sync(page, full=True, trigger="api"))
        wait_until_blocked(observer)
    requester.join(120)
    [other] = outcome
    assert (other.status, other.pk > run.pk) == ("queued", True)


def test_cancelling_while_a_run_starts_leaves_one_consistent_result(page, inbox, by_cursor, sandbox):
    dice = random.Random(SEED)
    for _ in range(12):
        run = tasks.request_sync(page, full=True, trigger="admin")
        sandbox.call_log.clear()
        worker, outcome = in_thread(partial(tasks._sync, run.pk, threading.Event()))
        time.sleep(dice.uniform(0, 0.03))
        with suppress(tasks.RunEnded):  # the run was faster
            tasks.cancel_sync(run)
        worker.join(120)
        assert outcome == [None], SEED
        run.refresh_from_db()
        has_started, has_calls = run.started_at is not None, bool(sandbox.call_log.calls)
        assert run.status == "cancelled" or (has_started and run.status == "complete"), SEED
        assert has_started or not has_calls, SEED
        assert SyncRun.objects.last() == run, SEED  # no other run replaced it
        assert not page.runs.active().exists(), SEED
