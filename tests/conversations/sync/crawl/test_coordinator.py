"""Crawling lists that move, fail or are read only in part."""

import itertools
import threading
import time

import pytest

from conversations.models import InteractionEvent, Page, SyncRun
from conversations.sandbox import faults
from conversations.sync.crawl.list_handler import MAX_ANSWERS_PER_COMMIT
from conversations.sync.crawl.worker_pool import QUEUE_SIZE
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db


class Once:
    """Calls a function at the n-th report of progress while threads are stored."""

    def __init__(self, action, *, at: int = 1) -> None:
        self.action, self.left = action, at

    def __call__(self, progress) -> None:
        if progress.status == "syncing":
            self.left -= 1
            if self.left == 0:
                self.action()


# -- the list moves ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("follow", ["position", "item"])
@pytest.mark.parametrize("full", [True, False])
def test_threads_that_jump_past_the_reader_are_stored(
    sync, page, world, shop, sandbox, add_threads, small_batches, follow, full
):
    sandbox.switches.cursors_follow = follow
    threads = add_threads(45)
    if not full:
        sync()
        for thread in threads:
            world.add_message(thread, "A message in each thread")

    def jump():
        for thread in (*threads[30:35], threads[0], threads[12]):
            world.add_message(thread, "I jump to the top")
        world.add_conversation(shop, "Somebody new")

    result = sync(on_progress=Once(jump, at=2))
    assert result.status == "complete"
    assert_exact(page, world, shop)
    assert result.synced == 46


def test_head_is_read_again_until_it_stops_moving(
    sync, page, world, shop, sandbox, add_threads, small_batches
):
    threads = add_threads(45)
    moving = itertools.cycle(threads)

    def push(progress):
        if progress.status == "syncing" and len(sandbox.call_log) < 20:
            for thread in itertools.islice(moving, 11):
                world.add_message(thread, "And another")

    sync(on_progress=push)
    assert_exact(page, world, shop)


def test_head_is_not_read_again_after_a_list_of_one_call(sync, sandbox, add_threads, by_cursor):
    add_threads(5)
    assert sync().requests == len(sandbox.call_log) == 1


def test_message_in_the_second_of_the_watermark_is_not_missed(
    sync, page, world, shop, add_threads, small_batches
):
    world.clock.fix(int(world.clock.now()) - 86400)
    threads = [world.add_conversation(shop) for _ in range(25)]
    assert sync().inserted == 25
    world.clock.advance(0.5)
    for thread in threads[:15]:
        world.add_message(thread, "In the same second")
    world.add_conversation(shop, "Somebody")
    result = sync()
    assert (result.updated, result.inserted) == (15, 1)
    assert_exact(page, world, shop)


def test_many_threads_in_the_second_of_the_watermark_are_not_read_every_time(
    sync, world, shop, small_batches
):
    world.clock.fix(world.clock.now() - 86400)
    for _ in range(45):
        world.add_conversation(shop)
    assert sync().inserted == 45
    assert sync().requests == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("updated_ms", ["honoured", "ignored"])
def test_many_threads_in_one_second_are_read_to_the_end_after_an_interruption(
    sync, page, world, shop, sandbox, small_batches, updated_ms
):
    sandbox.switches.updated_ms = updated_ms
    world.clock.fix(world.clock.now() - 86400)
    for _ in range(25):
        world.add_conversation(shop)
    stopping = threading.Event()

    def add_more(progress):
        if progress.synced == 25 and len(shop.threads) == 25:
            for _ in range(25):
                world.add_conversation(shop)
        elif progress.synced > 25:
            stopping.set()

    assert sync(on_progress=add_more, stopping=stopping).status == "interrupted"
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_thread_with_a_time_in_the_future_hides_no_others(
    sync, page, world, shop, add_threads, small_batches
):
    now = world.clock.now()
    for days in range(3):
        world.add_conversation(shop, updated_time=now - 86400 * (days + 1))
    world.add_conversation(shop, "From the future", updated_time=now + 10**8, messages=30)
    sync()
    page.refresh_from_db()
    assert page.watermark("messenger").timestamp() < world.clock.now()
    add_threads(35)
    assert sync().inserted == 35
    assert_exact(page, world, shop)


def test_only_thread_with_a_time_in_the_future_hides_no_later_ones(
    sync, page, world, shop, add_threads, small_batches
):
    world.add_conversation(shop, "From the future", updated_time=world.clock.now() + 10**8)
    sync()
    add_threads(35)
    assert sync().inserted == 35
    assert_exact(page, world, shop)


def test_gap_is_filled_if_a_message_has_a_time_in_the_future(sync, page, world, shop, add_threads):
    (thread,) = add_threads(1, messages=30)
    world.add_message(thread, "Back to the future", created_time=world.clock.now() + 10**8)
    sync()
    for number in range(60):
        world.add_message(thread, f"News {number}")
    world.touch(thread, world.clock.now() + 10**8 + 60)
    sync()
    assert InteractionEvent.objects.count() == 91


def test_thread_with_an_odd_time_does_not_end_the_list(sync, page, world, shop, add_threads, small_batches):
    threads = add_threads(45)
    sync()
    for thread in threads:
        world.add_message(thread, "News for each")
    threads[42].raw = {"updated_time": "1970-01-01T00:00:00+0000"}
    threads[41].raw = {"updated_time": "soon"}
    assert sync().events_created == 45


# -- the list is read in part ------------------------------------------------------------------------------
def test_stale_cursor_restarts_the_list(
    sync, page, world, shop, sandbox, add_threads, small_batches, by_cursor
):
    add_threads(45)
    sandbox.faults.add(faults.graph_error(2642), path="after=", after=2)
    result = sync()
    assert (result.status, result.inserted, result.unchanged) == ("complete", 45, 0)
    assert sandbox.call_log.matching(code=2642)
    assert "Restarted reading the list" in SyncRun.objects.get().notes[0]
    assert_exact(page, world, shop)


def test_cursors_that_are_always_stale_end_with_an_error_message(
    sync, world, sandbox, add_threads, small_batches, by_cursor
):
    add_threads(45)
    sandbox.faults.add(faults.graph_error(2642), path="after=", times=None)
    result = sync()
    assert (result.status, result.synced) == ("error", 10)
    assert "repeatedly rejected" in result.error


def test_cursor_that_is_too_deep_is_an_error_and_not_the_end(sync, sandbox, add_threads, small_batches):
    add_threads(45)
    sandbox.switches.deepest_position = 20
    assert sync().status == "error"


@pytest.mark.parametrize("stale", [False, True])
def test_next_run_resumes_where_a_failed_one_stopped(
    sync, page, world, shop, sandbox, add_threads, small_batches, by_cursor, stale
):
    threads = add_threads(45)
    sandbox.faults.add(faults.unavailable(), times=None, after=3)
    assert sync().synced == 30
    sandbox.faults.clear()
    sandbox.call_log.clear()
    if stale:
        world.expire_cursors()
    world.add_message(threads[20], "Meanwhile")
    world.add_message(threads[40], "Meanwhile")
    result = sync()
    assert result.status == "complete"
    assert_exact(page, world, shop)
    resumed = sandbox.call_log.calls[0].params.get("after")
    assert resumed
    assert len(sandbox.call_log) == (1 + 5 + 1 if stale else 2 + 1)


# -- the writer is slow ------------------------------------------------------------------------------------
def busy_until(enough, *, after: int):
    """Block the writer after this many commits until `enough()`. Also return the threads stored by each."""
    stored: list[int] = []

    def on_progress(progress):
        if progress.status == "syncing":
            stored.append(progress.synced)
            if len(stored) == after:
                deadline = time.monotonic() + 120
                while not enough():
                    assert time.monotonic() < deadline, (
                        "the threads make no further calls while the writer is busy"
                    )
                    time.sleep(0.002)  # between two checks

    return on_progress, stored


def test_answers_that_wait_together_share_a_transaction(
    sync, page, world, shop, sandbox, add_threads, small_batches, by_cursor
):
    add_threads(100)
    waiting = 1 + QUEUE_SIZE + 1  # one is stored, the queue is full, one more is requested
    on_progress, stored = busy_until(lambda: len(sandbox.call_log) >= waiting, after=1)
    assert sync(on_progress=on_progress).status == "complete"
    assert stored[:2] == [10, 10 + 10 * MAX_ANSWERS_PER_COMMIT]
    assert_exact(page, world, shop)


def test_head_is_requested_while_the_writer_still_stores_the_list(
    sync, page, world, shop, sandbox, add_threads, small_batches, by_cursor
):
    list_calls = 3 + QUEUE_SIZE  # at least three are stored when the writer blocks; the rest waits
    add_threads(10 * list_calls)
    on_progress, _ = busy_until(lambda: len(sandbox.call_log) > list_calls, after=3)
    assert sync(on_progress=on_progress).status == "complete"
    assert_exact(page, world, shop)
    assert sync().requests == 1


# -- the checkpoint of a run -------------------------------------------------------------------------------
def test_answer_of_an_abandoned_window_does_not_end_the_list(
    sync, page, sandbox, add_threads, small_batches, by_cursor
):
    Page.objects.update(capabilities={"messenger": page.capabilities["messenger"] | {"windows": True}})
    sandbox.switches.updated_ms = "honoured"
    add_threads(150)

    def ignore(progress):
        if progress.synced >= 40 and sandbox.switches.updated_ms == "honoured":
            sandbox.faults.add(faults.slow(0.4), path="updated_before", times=1, after=1)
            sandbox.faults.add(faults.unavailable(), path="after=[A-Z]", times=None)
            sandbox.switches.updated_ms = "ignored"

    assert sync(on_progress=ignore).status == "error"
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert page.threads.count() == 150
