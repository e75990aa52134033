"""Coverage: every thread is counted once, and the counts add up."""

import pytest

from conversations.models import SyncRun, Thread
from conversations.sandbox import faults
from conversations.sync.coverage import describe_coverage, take_coverage
from tests.factories import PageFactory

pytestmark = pytest.mark.django_db


def add(page, state: str, *, count: int = 1, platform: str = "messenger", **counts) -> None:
    start = Thread.objects.count()
    Thread.objects.bulk_create(
        Thread(page=page, graph_id=f"t_{start + number}", state=state, platform=platform, **counts)
        for number in range(count)
    )


def test_coverage_of_a_page_without_threads_is_zero():
    coverage = take_coverage(PageFactory())
    assert coverage == {
        "threads": {"listed": 0, "stored": 0, "merged": 0, "unreadable": 0, "owed": 0},
        "messages": {"listed": 0, "held": 0, "unreadable": 0},
    }
    sentence = "Facebook lists 0 threads: 0 stored, 0 duplicate, 0 unreadable, 0 pending"
    assert describe_coverage(coverage) == sentence


def test_states_are_counted_and_messages_summed(django_assert_num_queries):
    page = PageFactory()
    add(page, "stored", count=5, message_count=10, held_count=9, unreadable_count=1)
    add(page, "merged", count=2, message_count=3, held_count=3)
    add(page, "unreadable", message_count=7)
    add(page, "owed", count=3, message_count=100, held_count=25)
    add(PageFactory(), "owed", count=4, message_count=1000)
    with django_assert_num_queries(2):  # the other one is about files
        coverage = take_coverage(page)
    assert coverage == {
        "threads": {"listed": 11, "stored": 5, "merged": 2, "unreadable": 1, "owed": 3},
        "messages": {"listed": 363, "held": 126, "unreadable": 5},
    }


def test_two_platforms_are_also_counted_separately():
    page = PageFactory()
    add(page, "stored", count=2, message_count=2, held_count=2)
    add(page, "owed", platform="instagram", message_count=30, held_count=20)
    coverage = take_coverage(page)
    assert coverage["threads"]["listed"] == 3
    assert coverage["platforms"]["messenger"] == {
        "threads": {"listed": 2, "stored": 2, "merged": 0, "unreadable": 0, "owed": 0},
        "messages": {"listed": 4, "held": 4, "unreadable": 0},
    }
    assert coverage["platforms"]["instagram"]["threads"]["owed"] == 1
    assert coverage["platforms"]["instagram"]["messages"] == {"listed": 30, "held": 20, "unreadable": 0}


def test_coverage_is_described_in_one_sentence():
    page = PageFactory()
    add(page, "stored", count=1990)
    add(page, "merged", count=4)
    add(page, "unreadable", count=6)
    assert (
        describe_coverage(take_coverage(page))
        == "Facebook lists 2,000 threads: 1,990 stored, 4 duplicate, 6 unreadable, 0 pending"
    )
    assert describe_coverage({}) == ""


def test_run_that_ends_stores_its_coverage(sync, page, world, shop, sandbox, add_threads):
    bad, *_ = add_threads(4)
    world.poison(bad, 9000001, "Gone")
    long = world.add_conversation(shop, messages=150)
    sandbox.faults.add(faults.html(), times=None, path=f"/{long.id}/messages")
    assert sync().status == "complete_with_errors"
    run = SyncRun.objects.get()
    assert run.ledger["threads"] == {"listed": 5, "stored": 3, "merged": 0, "unreadable": 1, "owed": 1}
    assert run.ledger["messages"]["held"] < run.ledger["messages"]["listed"] == 154
    sandbox.faults.clear()
    world.break_token(shop.token, 463)
    assert sync().status == "error"
    assert SyncRun.objects.latest("pk").ledger == run.ledger


def test_thread_that_facebook_no_longer_lists_stays_in_the_coverage(sync, page, world, add_threads):
    gone, *_ = add_threads(3)
    sync()
    world.remove_conversation(gone)
    assert sync(full=True).synced == 2
    assert SyncRun.objects.latest("pk").ledger["threads"]["stored"] == 3
