"""A run that is cancelled from elsewhere ends soon, keeps what it has done, and the next one goes on."""

import threading
import time

import pytest
from django.db import connections

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
