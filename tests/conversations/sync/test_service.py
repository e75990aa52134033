"""Whole syncs: the rows they store, their counters and their progress."""

import random

import pytest

from conversations.models import ConversationTag, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import faults, seed_page
from conversations.sync.progress import SyncProgress
from conversations.sync.service import SyncAlreadyRunning, sync_conversations
from tests.conversations.sync.copies import assert_exact, row_versions, stored_copy
from tests.seeds import SEED

pytestmark = pytest.mark.django_db


def test_first_run_stores_what_facebook_shows_and_the_second_writes_nothing(sync, page, world, shop, sandbox):
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    seed_page(world, shop, conversations=300, seed=SEED)
    first = sync()
    assert_exact(page, world, shop)
    assert (first.status, first.mode, first.error) == ("complete", "full", "")
    assert first.inserted == first.synced == page.conversations.count()
    assert (first.updated, first.unchanged, first.skipped, first.owed) == (0, 0, 0, 0)
    assert first.events_created == InteractionEvent.objects.count()
    assert first.requests == len(sandbox.call_log)
    before = row_versions()
    sandbox.call_log.clear()
    second = sync()
    assert (second.status, second.mode, second.requests, len(sandbox.call_log)) == (
        "complete",
        "incremental",
        1,
        1,
    )
    assert (second.inserted, second.updated, second.unchanged, second.events_created) == (0, 0, 100, 0)
    assert row_versions() == before
    third = sync(full=True)
    assert (third.mode, third.unchanged, third.events_created) == ("full", 300, 0)
    assert row_versions() == before


@pytest.mark.parametrize("changed", [1, 99, 100, 101, 220])
def test_number_of_calls_depends_on_what_changed(sync, page, world, shop, sandbox, add_threads, changed):
    threads = add_threads(230)
    sync()
    random.Random(changed).shuffle(threads)
    for number, thread in enumerate(threads[:changed]):
        for _ in range(number % 20 + 1):
            world.add_message(thread, "Another one")
    sandbox.call_log.clear()
    result = sync()
    assert result.updated == changed
    assert len(sandbox.call_log) <= -(-changed // 100) + 2
    assert_exact(page, world, shop)


def test_new_threads_and_new_messages_are_counted_separately(sync, page, world, shop, add_threads):
    old, _ = add_threads(2)
    sync()
    world.add_message(old, "I have a question")
    world.add_conversation(shop, messages=3)
    result = sync()
    assert (result.inserted, result.updated, result.unchanged, result.events_created) == (1, 1, 1, 4)
    assert (result.synced, SyncRun.objects.latest("pk").total) == (3, 3)


def test_thread_with_more_new_messages_than_the_list_shows_has_no_gap(sync, page, world, shop, add_threads):
    thread, _ = add_threads(2, messages=40)
    sync()
    for number in range(130):
        world.add_message(thread, f"News {number}")
    result = sync()
    assert result.events_created == 130
    assert_exact(page, world, shop)


def test_empty_page_is_complete(sync, page, by_cursor):
    first, second = sync(), sync()
    assert (first.status, first.mode, first.synced, first.requests) == ("complete", "full", 0, 1)
    assert (second.status, second.mode) == ("complete", "incremental")


def test_first_thread_of_an_empty_page_is_found(sync, page, world, shop):
    sync()
    world.add_conversation(shop)
    assert sync().inserted == 1


def test_full_run_restores_what_an_incremental_one_does_not_see(sync, page, world, shop, add_threads):
    threads = add_threads(150)
    sync()
    page.conversations.filter(graph_id=threads[140].id).delete()
    assert sync().inserted == 0
    result = sync(full=True)
    assert (result.mode, result.inserted, result.unchanged) == ("full", 1, 149)
    assert_exact(page, world, shop)


def test_full_run_knows_its_total_from_the_start(sync, page, add_threads):
    add_threads(150)
    sync()
    totals = []
    sync(full=True, on_progress=lambda progress: totals.append(progress.total))
    assert set(totals[1:]) == {150}


def test_two_pages_are_separate(sync, page, world, shop):
    other_shop = world.add_page("900000000000002", "Other Shop")
    other = Page.objects.create(facebook_page_id=other_shop.id, name="Other", access_token=other_shop.token)
    thread = world.add_conversation(other_shop, id="t_1", messages=3)
    thread.customer = world.add_conversation(shop, "Ana", id="t_1", messages=2).customer
    world.break_token(shop.token, 463)
    assert sync_conversations(other).status == "complete"
    assert sync().status == "error"
    world.repair_token(shop.token)
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    assert (other.threads.get().graph_id, page.threads.get().graph_id) == ("t_1", "t_1")
    assert other.conversations.get().events.count() == 3


def test_no_row_contains_the_token(sync, page, world, shop, sandbox, settings):
    secret = "none-of-Facebooks-shapes-0123456789"
    quiet = world.add_page("900000000000009", "Quiet Shop", secret)
    page.facebook_page_id, page.access_token = quiet.id, secret
    page.save()
    world.add_conversation(quiet, messages=40)
    world.add_conversation(
        quiet, messages=40, raw={"participants": None, "senders": {"paging": {"next": secret}}}
    )
    world.add_conversation(quiet, None, messages=0)
    world.poison(
        world.add_conversation(quiet, messages=2), 100, f"Unsupported {secret}", subcode=33, status=400
    )
    sandbox.faults.add(faults.graph_error(368, message=f"Blocked {secret}"), times=1, after=12)
    states: list[SyncProgress] = []
    for _ in range(2):
        sync(on_progress=states.append)
    assert secret not in str(states)
    for model in (InteractionEvent, Thread, SyncRun, ConversationTag, Page):
        for row in model.objects.values_list(
            *[f.name for f in model._meta.fields if f.name != "access_token"]
        ):
            assert secret not in str(row)


def test_counters_of_the_progress_never_decrease(sync, page, add_threads):
    add_threads(250, messages=2)
    states: list[SyncProgress] = []
    sync(on_progress=states.append)
    assert [progress.synced for progress in states] == sorted(progress.synced for progress in states)
    assert [progress.status for progress in states][:2] == ["fetching", "syncing"]
    assert states[-1].status == "complete"
    assert all(progress.total >= progress.synced + progress.skipped for progress in states)


def test_bug_of_ours_ends_the_run_as_an_error(sync, page, add_threads):
    add_threads(3)

    def fail(progress):
        if progress.status == "syncing":
            raise ValueError("a bug with text of Ana")

    result = sync(on_progress=fail)
    assert (result.status, result.error) == ("error", "Inbox itself failed: ValueError")
    assert sync().status == "complete"


def test_second_sync_is_refused_with_the_run_in_progress(sync, page, add_threads):
    add_threads(3)
    refusals: list[SyncAlreadyRunning] = []

    def start_another(progress):
        if progress.status == "syncing" and not refusals:
            with pytest.raises(SyncAlreadyRunning) as caught:
                sync()
            refusals.append(caught.value)

    result = sync(on_progress=start_another)
    assert result.status == "complete"
    assert refusals[0].run.pk == result.run
    assert f"as run {result.run}" in str(refusals[0])
    assert SyncRun.objects.count() == 1


def test_empty_page_has_no_rows(page):
    assert stored_copy(page) == {}
