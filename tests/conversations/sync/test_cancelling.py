"""A run that is cancelled from elsewhere ends soon, keeps what it has done, and the next one goes on."""

import random
import threading
import time
from contextlib import suppress
from functools import partial

import pytest
from django.db import connection, connections, transaction

from conversations import jobs
from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from conversations.sync.service import SyncResult, sync_conversations
from tests.conversations.sync.copies import assert_exact
from tests.factories import SyncRunFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def inbox(small_batches, add_threads):
    """Four answers, one after the other."""
    return add_threads(40)


@pytest.fixture
def begin(page):
    """Syncs in a thread until some threads are stored; returns how to wait for its result."""

    def start():
        results: list[SyncResult] = []
        stored, go_on = threading.Event(), threading.Event()

        def show(progress) -> None:
            if progress.synced:
                stored.set()
                go_on.wait(30)

        def work() -> None:
            try:
                results.append(sync_conversations(Page.objects.get(pk=page.pk), on_progress=show))
            finally:
                connections.close_all()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        assert stored.wait(30)

        def result() -> SyncResult:
            go_on.set()
            thread.join(30)
            return results[0]

        return result, go_on

    return start


def test_run_that_is_cancelled_writes_nothing_more_and_the_next_goes_on(
    page, sync, world, shop, inbox, by_cursor, begin, sandbox, django_user_model
):
    result, _ = begin()
    run = SyncRun.objects.get()
    cancelled = jobs.cancel_sync(run, asked_by=django_user_model(username="anna"))
    assert (cancelled.status, cancelled.ended_at is not None) == ("cancelled", True)
    before = (page.conversations.count(), SyncRun.objects.values().get())
    ended = result()
    assert (ended.status, ended.synced) == ("cancelled", 10)
    assert ended.error.startswith("It was cancelled by anna. What was stored is kept")
    assert (page.conversations.count(), SyncRun.objects.values().get()) == before
    sandbox.ledger.clear()
    again = sync()
    assert (again.status, again.synced, again.inserted) == ("complete", 40, 30)
    assert_exact(page, world, shop)


def test_run_that_waits_for_facebook_is_cancelled_within_seconds(
    page, inbox, by_cursor, begin, sandbox, settings
):
    settings.GRAPH_RETRY_SECONDS = 30  # pauses of a minute and more: nothing is stored meanwhile
    sandbox.faults.add(faults.graph_error(613), times=None, path="/conversations.*&after=")
    result, go_on = begin()
    go_on.set()
    until = time.monotonic() + 30
    while (run := SyncRun.objects.get()).status not in ("waiting", "retrying"):
        assert time.monotonic() < until, run
        time.sleep(0.05)  # between two looks
    jobs.cancel_sync(run)
    assert result().status == "cancelled"
    run.refresh_from_db()
    assert (run.status, run.error.split(".")[0]) == ("cancelled", "It was cancelled")
    assert run.waits[0]["why"]


def test_place_of_a_stopped_run_outlives_a_queued_one_that_was_cancelled(page, sync, inbox, by_cursor, begin):
    result, _ = begin()
    jobs.cancel_sync(SyncRun.objects.get())
    result()
    queued = jobs.request_sync(page, trigger="admin")
    assert jobs.cancel_sync(queued).status == "cancelled"
    assert sync().inserted == 30


def test_run_that_has_ended_is_not_cancelled(page):
    run = SyncRunFactory(page=page)
    with pytest.raises(jobs.RunEnded, match=f"Run {run.pk} has ended already"):
        jobs.cancel_sync(run)
    run.refresh_from_db()
    assert run.status == "complete"


@pytest.mark.parametrize("at_start", [True, False])
@pytest.mark.parametrize("status", ["queued", "syncing"])
def test_cancelled_run_is_not_taken_over(page, status, at_start, monkeypatch):
    run = SyncRunFactory(page=page, status=status, ended_at=None)
    jobs.cancel_sync(run)
    jobs.take_over(at_start=at_start)
    assert not page.runs.active().exists()


def test_sync_that_is_asked_for_while_a_cancelled_one_leaves_is_done_soon(page, inbox, by_cursor, begin):
    result, _ = begin()
    jobs.cancel_sync(SyncRun.objects.get())
    next_run = jobs.request_sync(page, trigger="admin")
    assert next_run.status == "queued"
    worker = threading.Thread(target=jobs._sync, args=[next_run.pk, threading.Event()], daemon=True)
    worker.start()
    worker.join(0.2)
    assert worker.is_alive()  # it waits for the one that leaves
    result()
    worker.join(30)
    next_run.refresh_from_db()
    assert (next_run.status, next_run.inserted) == ("complete", 30)


# -- at the very moment when a worker takes it -------------------------------------------------------------
@pytest.fixture
def watcher():
    """A connection of its own, on which nothing waits."""
    own = connection.copy()
    yield own
    own.close()


def wait_until_blocked(watcher) -> None:
    """Until somebody waits for a row that another has locked."""
    blocked = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock')"
    )
    until = time.monotonic() + 30
    with watcher.cursor() as cursor:
        while not cursor.execute(blocked).fetchone()[0]:
            assert time.monotonic() < until
            time.sleep(0.02)  # between two looks


def in_thread(work) -> tuple[threading.Thread, list]:
    """What the work returned, or the error that it raised, comes into the list."""
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


def assert_nothing_ran(run, sandbox) -> None:
    assert [(found.pk, found.status, found.started_at) for found in SyncRun.objects.all()] == [
        (run.pk, "cancelled", None)
    ]
    assert not sandbox.ledger.calls


def test_run_that_is_cancelled_before_its_worker_opens_it_is_not_begun(page, inbox, sandbox, watcher):
    run = jobs.request_sync(page, trigger="admin")
    sandbox.ledger.clear()
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)
        worker, outcome = in_thread(lambda: jobs._sync(run.pk, threading.Event()))
        wait_until_blocked(watcher)  # it has seen the run queued, and would open it
        jobs.cancel_sync(run)
    worker.join(30)
    assert outcome == [None]
    assert_nothing_ran(run, sandbox)


def test_run_that_is_cancelled_while_its_worker_opens_it_is_not_begun(page, inbox, sandbox, watcher):
    run = jobs.request_sync(page, trigger="admin")
    sandbox.ledger.clear()
    with transaction.atomic():
        jobs.cancel_sync(run)
        worker, outcome = in_thread(lambda: jobs._sync(run.pk, threading.Event()))
        wait_until_blocked(watcher)
    worker.join(30)
    assert outcome == [None]
    assert_nothing_ran(run, sandbox)


def test_who_asks_while_the_queued_run_is_cancelled_gets_another(page, watcher):
    run = jobs.request_sync(Page.objects.get(pk=page.pk), trigger="admin")
    with transaction.atomic():
        jobs.cancel_sync(run)
        asking, outcome = in_thread(lambda: jobs.request_sync(page, full=True, trigger="api"))
        wait_until_blocked(watcher)
    asking.join(30)
    [found] = outcome
    assert (found.status, found.pk > run.pk) == ("queued", True)


def test_cancelling_and_beginning_at_once_ends_one_way_or_the_other(page, inbox, by_cursor, sandbox):
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    for _ in range(12):
        run = jobs.request_sync(page, full=True, trigger="admin")
        sandbox.ledger.clear()
        worker, outcome = in_thread(partial(jobs._sync, run.pk, threading.Event()))
        time.sleep(dice.uniform(0, 0.03))
        with suppress(jobs.RunEnded):  # it was quicker
            jobs.cancel_sync(run)
        worker.join(30)
        assert outcome == [None], seed
        run.refresh_from_db()
        began, called = run.started_at is not None, bool(sandbox.ledger.calls)
        assert run.status == "cancelled" or (began and run.status == "complete"), seed
        assert began or not called, seed
        assert SyncRun.objects.last() == run, seed  # no other came in its place
        assert not page.runs.active().exists(), seed
