"""Full runs find and repair what incremental ones cannot see: changes below the watermark."""

import pytest

from conversations.models import Page, SyncRun
from conversations.sandbox import faults
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db

SHORT, LONG, DEEP = 3, 60, 240
NEWER = 101


@pytest.fixture
def inbox(world, shop, sandbox, sync):
    """Thirty synced threads, the first two with more messages than a list includes.

    More than a hundred other threads are newer, so an incremental run sees none of the thirty.
    """
    now = world.clock.now() - 10**6
    for number in range(NEWER):
        world.add_conversation(shop, updated_time=now + 60 * (number + 1))
    counts = [LONG, DEEP] + [SHORT] * 28
    threads = [
        world.add_conversation(shop, messages=count, updated_time=now - 5000 * (number + 1))
        for number, count in enumerate(counts)
    ]
    assert sync().status == "complete"
    sandbox.call_log.clear()
    return threads


def message_calls(sandbox, thread) -> int:
    return len(sandbox.call_log.matching(f"/{thread.id}/messages"))


def insert_below(world, thread, *, minutes: float, text: str = "It was always there") -> None:
    """Add a message among older ones. The thread does not move in the list."""
    at = thread.updated_time - 60 * minutes
    world.add_message(thread, text, created_time=at)


def test_thread_that_appeared_below_the_watermark_is_found(sync, page, world, shop, inbox):
    world.add_conversation(shop, "Shown again", messages=40, updated_time=inbox[20].updated_time - 100)
    assert (sync().inserted, page.conversations.count()) == (0, NEWER + 30)
    result = sync(full=True)
    assert (result.mode, result.status, result.inserted, result.updated) == ("full", "complete", 1, 0)
    assert_exact(page, world, shop)


def test_message_that_appeared_in_a_short_thread_is_found(sync, page, world, shop, inbox):
    insert_below(world, inbox[12], minutes=0.5)
    assert sync().events_created == 0
    result = sync(full=True)
    assert (result.events_created, result.updated) == (1, 1)
    assert_exact(page, world, shop)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("minutes", [0.5, 30.5, 58.5])
def test_message_that_appeared_deep_in_a_long_thread_is_found(
    sync, page, world, shop, sandbox, inbox, which, minutes
):
    insert_below(world, inbox[which], minutes=minutes)
    assert sync().events_created == 0
    result = sync(full=True)
    assert (result.status, result.events_created) == ("complete", 1)
    assert_exact(page, world, shop)
    assert bool(message_calls(sandbox, inbox[which])) == (minutes > 26), "newer messages come with the list"
    assert not message_calls(sandbox, inbox[1 - which]), "only the thread that misses a message is read"


def test_thread_is_not_read_if_facebook_counts_no_more_messages(sync, page, world, inbox, sandbox):
    """An audit reads a thread again only if Facebook counts more messages than are stored."""
    sync(full=True)
    assert not message_calls(sandbox, inbox[0])
    assert not message_calls(sandbox, inbox[1])


@pytest.mark.parametrize("estimate", [LONG + 1, 10 * LONG])
def test_thread_with_too_high_a_count_is_read_once_and_not_every_time(sync, page, sandbox, inbox, estimate):
    inbox[0].raw = {"message_count": estimate}
    result = sync(full=True)
    assert (result.status, result.events_created, result.owed) == ("complete", 0, 0)
    calls = message_calls(sandbox, inbox[0])
    assert calls == 1
    before = row_versions()
    for _ in range(2):
        sync(full=True)
    assert message_calls(sandbox, inbox[0]) == calls
    assert row_versions() == before
    inbox[0].raw = {"message_count": estimate + 1}
    sync(full=True)
    assert message_calls(sandbox, inbox[0]) == 2 * calls, "the count has changed, so it is read again"


def test_thread_with_too_high_a_count_in_the_first_run_is_not_read_again(sync, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=LONG)
    thread.raw = {"message_count": 10 * LONG}
    sync()
    sandbox.call_log.clear()
    sync(full=True)
    assert not message_calls(sandbox, thread)


def test_incremental_run_does_not_audit(sync, sandbox, inbox):
    inbox[0].raw = {"message_count": 10 * LONG}
    sync()
    assert not message_calls(sandbox, inbox[0])


def test_interrupted_audit_is_completed_by_the_next_run(sync, page, world, shop, sandbox, inbox):
    insert_below(world, inbox[1], minutes=220.5)
    sandbox.faults.add(faults.unavailable(), times=None, path=f"/{inbox[1].id}/messages", after=1)
    first = sync(full=True)
    assert first.status in ("complete_with_errors", "error")
    sandbox.faults.clear()
    assert sync(full=True).status == "complete"
    assert_exact(page, world, shop)


def test_page_records_the_time_of_its_last_full_sync(sync, page, inbox):
    first = Page.objects.get().last_full_sync_at
    assert first
    sync()
    assert Page.objects.get().last_full_sync_at == first
    sync(full=True)
    assert Page.objects.get().last_full_sync_at > first
    assert SyncRun.objects.count() == 3
