"""Threads that Facebook does not show: pending or skipped, and stored later."""

import pytest

from conversations.graph import records
from conversations.lib.locks import sync_lock
from conversations.models import Page, SyncRun, Thread
from conversations.sandbox import faults
from conversations.sync import run_lifecycle
from conversations.sync.crawl.backfill import MAX_UNANSWERED
from conversations.sync.crawl.worker_pool import THREADS
from conversations.sync.load.writer import BatchWriter
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db


def paths(sandbox) -> list[str]:
    return [call.path for call in sandbox.call_log]


def test_pending_thread_is_requested_first_by_the_next_run(sync, page, world, shop, sandbox, add_threads):
    add_threads(3)
    long = world.add_conversation(shop, messages=150)
    sandbox.faults.add(faults.html(), times=None, path=f"/{long.id}/messages")
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 3)
    thread = page.threads.get(graph_id=long.id)
    assert (thread.state, thread.held_count, thread.history) == ("owed", 26, "partial")
    assert "invalid response" in thread.reason
    run = SyncRun.objects.get()
    assert run.total == run.synced + run.skipped + run.owed == 4
    still = sync()
    assert (still.status, still.owed, still.unchanged) == ("complete_with_errors", 1, 3)
    sandbox.faults.clear()
    sandbox.call_log.clear()
    last = sync()
    assert (last.status, last.owed, last.synced, last.events_created) == ("complete", 0, 4, 124)
    assert f"/{long.id}/messages" in paths(sandbox)[:2]  # next to the first call for the list
    assert_exact(page, world, shop)


def test_partly_read_thread_is_completed_by_the_next_run(sync, page, world, shop, sandbox):
    long = world.add_conversation(shop, messages=350)
    sandbox.faults.add(faults.unavailable(), times=None, path=f"/{long.id}/messages", after=2)
    assert sync().owed == 1
    assert page.threads.get().held_count == 226
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_stale_cursor_inside_a_thread_restarts_the_thread(sync, page, world, shop, sandbox):
    long = world.add_conversation(shop, messages=350)
    sandbox.faults.add(faults.graph_error(2642), path=f"/{long.id}/messages", after=1)
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [(100, 33), (803, None), (9000001, None), (1, None)],
    ids=["100/33", "803", "9000001", "1"],
)
def test_unreadable_thread_is_skipped_alone_and_requested_again_when_it_changes(
    sync, page, world, shop, add_threads, code, subcode
):
    bad, *_ = add_threads(5, messages=3)
    world.poison(bad, code, "Please reduce the amount of data", subcode=subcode)
    result = sync()
    assert (result.status, result.skipped, result.inserted) == ("complete", 1, 4)
    thread = page.threads.get(graph_id=bad.id)
    assert (thread.state, thread.history, thread.held_count) == ("unreadable", "partial", 0)
    assert "reduce the amount" in thread.reason
    assert thread.record["id"] == bad.id
    before = row_versions()
    assert sync().skipped == 1
    assert row_versions() == before
    bad.poison = None
    world.add_message(bad, "Now it can be read")
    assert sync().skipped == 0
    assert_exact(page, world, shop)


def test_deleted_thread_keeps_its_stored_messages(sync, page, world, shop, sandbox):
    long = world.add_conversation(shop, "Ana", messages=150)
    sandbox.faults.add(faults.html(), times=None, path="/messages")
    sync()
    sandbox.faults.clear()
    world.remove_conversation(long)
    result = sync()
    assert (result.status, result.skipped, result.owed) == ("complete", 1, 0)
    thread = page.threads.get()
    assert (thread.state, thread.held_count) == ("unreadable", 26)
    assert page.conversations.get().sender_name == "Ana"


def test_platform_that_stops_answering_is_not_called_for_every_thread(sync, page, sandbox, add_threads):
    add_threads(10 * MAX_UNANSWERED, messages=30)
    sandbox.faults.add(faults.unavailable(), times=None, path=r"/t_\d+")
    assert sync().owed == 10 * MAX_UNANSWERED
    most = 1 + MAX_UNANSWERED + THREADS  # calls that were in progress at the last failure
    assert len(set(paths(sandbox))) <= most
    sandbox.call_log.clear()
    assert sync().owed == 10 * MAX_UNANSWERED
    assert len(set(paths(sandbox))) <= most
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert not page.threads.filter(state=Thread.State.OWED).exists()


def test_missing_permission_that_the_list_confirms_stops_the_page(sync, page, world, shop, sandbox):
    world.add_conversation(shop, messages=30)
    sandbox.faults.add(faults.permission_error(), times=None, path="/messages|/conversations.*limit=1$")
    assert sync().status == "error"
    assert Page.objects.get(pk=page.pk).state == "reconnect"
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_too_much_data_is_requested_in_smaller_parts(sync, page, world, shop, sandbox, add_threads):
    add_threads(120)
    sandbox.limits.max_weight = 10 * 25
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_item_without_an_id_is_counted_once(sync, page, world, shop, add_threads, small_batches):
    add_threads(25)
    world.add_conversation(shop, raw=None)
    result = sync()
    assert (result.status, result.skipped, result.inserted) == ("complete", 1, 25)
    run = SyncRun.objects.get()
    assert (run.total, run.notes) == (26, ["Facebook listed 1 item without an ID."])


def test_customer_named_in_another_record_of_the_batch_is_known(shop_page):
    def listed(**fields):
        message = {"id": "m_1", "created_time": "2026-11-20T10:00:00+0000", "message": "Hi"}
        thread = {"id": "t_1", "updated_time": message["created_time"], "messages": {"data": [message]}}
        return records.Conversation.from_graph(thread | fields)

    run = run_lifecycle.open_run(shop_page, full=True, trigger="command")
    with sync_lock(shop_page.pk) as lock:
        writer = BatchWriter(
            shop_page, run, lock, report=lambda: None, sleep=lambda seconds: None, count_requests=lambda: 0
        )
        writer.save_threads(
            [listed(participants={"data": [{"id": "77", "name": "Ana"}]}), listed()], "messenger"
        )
    assert (Thread.objects.get().state, run.skipped) == ("stored", 0)
