"""A sync that is interrupted at any point: the next one completes the tables."""

import itertools
import threading
from collections.abc import Callable

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from conversations.models import InteractionEvent, Page, SyncRun
from conversations.sync.service import SyncAlreadyRunning, SyncStopped, sync_conversations
from tests.conversations.lib.test_locks import end_locks
from tests.conversations.sync.copies import assert_exact

pytestmark = pytest.mark.django_db(transaction=True)


class StopAt:
    """Stops the sync at its n-th report of progress."""

    def __init__(self, number: int) -> None:
        self.left, self.stopped = number, False

    def __call__(self, progress) -> None:
        self.left -= 1
        if self.left == 0 and progress.status not in ("complete", "interrupted"):
            self.stopped = True
            raise SyncStopped


@pytest.fixture
def inbox(world, shop, sandbox, add_threads):
    """Twelve threads in three batches. Threads with more than five messages are long."""
    sandbox.switches.max_limit = 5
    threads = add_threads(12)
    for thread, count in ((threads[0], 8), (threads[11], 14)):
        for _ in range(count):
            world.add_message(thread, "Long", created_time=thread.updated_time)
    return threads


def test_run_stopped_at_any_commit_is_completed_by_the_next(page, sync, world, shop, inbox):
    for number in itertools.count(1):
        Page.objects.all().delete()
        page = Page.objects.create(facebook_page_id=shop.id, access_token=shop.token)
        stop = StopAt(number)
        result = sync_conversations(page, on_progress=stop)
        if not stop.stopped:
            break
        assert result.status == "interrupted"
        run = SyncRun.objects.get()
        assert run.status == "interrupted"
        assert run.events_created == sum(thread.held_count for thread in page.threads.all())
        assert run.synced + run.owed == page.conversations.count()
        world.add_message(inbox[number % 12], "Meanwhile")
        again = sync_conversations(page)
        assert (again.status, again.mode) == ("complete", "full")
        assert_exact(page, world, shop)
    assert number > 6


def test_incremental_run_stopped_at_any_commit_is_completed_by_the_next(page, sync, world, shop, inbox):
    sync()
    for number in itertools.count(1):
        for thread in inbox:
            world.add_message(thread, "News")
        for _ in range(12):
            world.add_message(inbox[7], "More news")
        stop = StopAt(number)
        sync(on_progress=stop)
        if not stop.stopped:
            break
        world.add_message(inbox[number % 12], "Meanwhile")
        assert sync().status == "complete"
        assert_exact(page, world, shop)
    assert number > 6


def test_batch_that_was_not_committed_is_read_again(
    page, sync, world, shop, inbox, sandbox, by_cursor, monkeypatch
):
    from conversations.sync.load import batch_loader

    save_batch, calls = batch_loader.save_batch, itertools.count(1)

    def stop_in_the_middle(*arguments, **options):
        outcomes = save_batch(*arguments, **options)
        if next(calls) == 2:
            raise SyncStopped
        return outcomes

    monkeypatch.setattr(batch_loader, "save_batch", stop_in_the_middle)
    result = sync()
    assert (result.status, page.conversations.count()) == ("interrupted", 5)
    assert result.synced + result.owed == 5
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_list_that_was_read_to_its_end_is_not_read_again(page, sync, world, shop, inbox, sandbox, by_cursor):
    def stop(progress) -> None:
        if progress.status == "syncing" and page.threads.count() == 12:
            raise SyncStopped

    assert sync(on_progress=stop).status == "interrupted"
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert len(sandbox.call_log.matching("/conversations")) == 1
    assert_exact(page, world, shop)


def test_unreachable_server_ends_with_an_error_message(page, sync, world, shop, inbox, sandbox):
    def stop(progress):
        if progress.synced + SyncRun.objects.get().owed >= 10:
            sandbox.stop()

    result = sync(on_progress=stop)
    run = SyncRun.objects.get()
    assert (result.status, run.status) == ("error", "error")
    assert result.error == run.error == "Facebook cannot be reached, or the connection broke."
    assert run.synced + run.owed == page.conversations.count() >= 10
    page.refresh_from_db()
    assert (page.state, page.watermarks) == ("connected", {})
    sandbox.start()
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_server_unreachable_from_the_start_changes_nothing(page, sync, sandbox, by_cursor):
    sandbox.stop()
    result = sync()
    assert (result.status, result.requests, result.synced) == ("error", 5, 0)


def test_run_that_lost_its_lock_is_not_reopened_by_its_process(page, sync, world, shop, inbox):
    """Another process takes over at the n-th report of progress, and ends before this one continues."""
    for number in itertools.count(1):
        SyncRun.objects.all().delete()
        world.add_message(inbox[number % 12], "News")
        other = TakeOver(number, lambda n=number: world.add_message(inbox[-1 - n % 12], "More news"))
        result = sync(full=True, on_progress=other)
        if other.run is None:
            break
        ours = SyncRun.objects.earliest("pk")
        assert (result.status, ours.status) == ("interrupted", "interrupted")
        assert f"Run {other.run.pk} resumes" in ours.error
        assert SyncRun.objects.latest("pk").status == "complete"
        page.refresh_from_db()
        assert page.watermarks == other.watermarks
        assert_exact(page, world, shop)
    assert number > 4


class TakeOver:
    """Ends the connection that holds the lock at the n-th report of progress, and runs another sync."""

    def __init__(self, number: int, meanwhile: Callable[[], object]) -> None:
        self.left, self.meanwhile = number, meanwhile
        self.run: SyncRun | None = None
        self.watermarks: dict[str, str] = {}

    def __call__(self, progress) -> None:
        self.left -= 1
        if self.left == 0 and not progress.is_end:
            self.meanwhile()
            end_locks()
            thread = threading.Thread(target=self.take_over)
            thread.start()
            thread.join()

    def take_over(self) -> None:
        sync_conversations(Page.objects.get())
        self.run, self.watermarks = SyncRun.objects.latest("pk"), Page.objects.get().watermarks
        connections.close_all()


def test_second_process_is_refused_while_the_first_one_syncs(page, inbox):
    refused: list[SyncAlreadyRunning] = []

    def elsewhere() -> None:
        try:
            sync_conversations(Page.objects.get(pk=page.pk))
        except SyncAlreadyRunning as error:
            refused.append(error)
        finally:
            connections.close_all()

    def start_second(progress) -> None:
        if not refused:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()

    result = sync_conversations(page, on_progress=start_second)
    assert result.status == "complete"
    assert refused[0].run.pk == result.run


def test_two_pages_are_synced_side_by_side(page, world, shop, inbox, sandbox):
    other_shop = world.add_page("900000000000002", "Other Shop")
    for number in range(12):
        world.add_conversation(other_shop, f"Other {number}", messages=8)
    other = Page.objects.create(facebook_page_id=other_shop.id, access_token=other_shop.token)
    results = {}

    def elsewhere() -> None:
        results["other"] = sync_conversations(other)
        connections.close_all()

    thread = threading.Thread(target=elsewhere)
    started = False

    def start_second(progress) -> None:
        nonlocal started
        if not started:
            started = True
            thread.start()

    results["one"] = sync_conversations(page, on_progress=start_second)
    thread.join()
    assert {result.status for result in results.values()} == {"complete"}
    assert_exact(page, world, shop)
    assert other.threads.filter(held_count=8, history="complete").count() == 12


def test_connection_that_breaks_repeatedly_loses_nothing(page, sync, world, shop, inbox):
    broken = []

    def close_connection(progress) -> None:
        if progress.status == "syncing":
            connection.connection.close()
            broken.append(progress)

    assert sync(on_progress=close_connection).status == "complete"
    assert len(broken) > 4
    assert_exact(page, world, shop)


def test_database_that_drops_all_connections_loses_nothing(page, sync, world, shop, inbox):
    """The Page's lock is lost with them and acquired again."""
    other = connection.copy()

    def drop_connections(progress) -> None:
        if progress.status == "syncing":
            with other.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    result = sync(on_progress=drop_connections)
    other.close()
    assert result.status == "complete"
    assert result.events_created == InteractionEvent.objects.count()
    assert_exact(page, world, shop)


def test_lock_taken_by_another_process_ends_the_run(page, sync, world, shop, inbox):
    other = connection.copy()

    def take_lock(progress) -> None:
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND classid = 1 AND pid <> pg_backend_pid()"
            )
            cursor.execute("SELECT pg_advisory_lock(1, %s)", [page.pk])

    result = sync(on_progress=take_lock)
    assert result.status != "complete"
    other.close()
    assert sync().status == "complete"
    assert SyncRun.objects.first().status == "interrupted"
    assert_exact(page, world, shop)


@pytest.mark.parametrize("old", ["bare id", "omitted", "call fails"])
def test_instagram_sync_interrupted_anywhere_ends_with_the_full_window(world, sandbox, old):
    sandbox.switches.instagram_old_messages, sandbox.switches.max_limit = old, 3
    shop = world.add_page("900000000000009", instagram_id="17841400000000001", instagram_username="shop")
    world.add_conversation(shop, "Ana", 40, platform="instagram")
    world.add_conversation(shop, "Ben", 18, platform="instagram")
    for number in itertools.count(1, 3):
        Page.objects.all().delete()
        page = Page.objects.create(
            facebook_page_id=shop.id,
            access_token=shop.token,
            instagram_account_id=shop.instagram_id,
            platforms=["messenger", "instagram"],
        )
        stop = StopAt(number)
        sync_conversations(page, on_progress=stop)
        if not stop.stopped:
            break
        assert sync_conversations(page).status == "complete"
        rows = page.threads.order_by("-message_count").values_list("state", "history", "held_count")
        assert list(rows) == [("stored", "truncated", 20), ("stored", "complete", 18)]
    assert number > 8


@pytest.mark.parametrize("numbers", [(3, 3), (4, 3)])  # the reports at which two runs stop
def test_instagram_thread_is_complete_wherever_cursors_of_interrupted_runs_lead(world, sandbox, numbers):
    """Facebook answers a cursor of another form with the newest messages. They do not count twice."""
    shop = world.add_page("900000000000009", instagram_id="17841400000000001", instagram_username="shop")
    world.add_conversation(shop, "Ana", 18, platform="instagram")
    sandbox.switches.max_nested_limit = 3
    page = Page.objects.create(
        facebook_page_id=shop.id,
        access_token=shop.token,
        instagram_account_id=shop.instagram_id,
        platforms=["instagram"],
    )
    for number, paging in zip(numbers, ["cursors", "time"], strict=True):
        sandbox.switches.message_paging = paging
        stop = StopAt(number)
        sync_conversations(page, on_progress=stop)
        assert stop.stopped
    sandbox.switches.message_paging = "cursors"
    assert sync_conversations(page).status == "complete"
    assert page.threads.values_list("state", "history", "held_count").get() == ("stored", "complete", 18)


@pytest.mark.parametrize("error", [ProgrammingError("set_autocommit"), RuntimeError("un-acquired lock")])
def test_interrupt_that_causes_another_error_still_counts_as_an_interrupt(sync, add_threads, error):
    add_threads(5)

    def fail(progress):
        if progress.status == "syncing":
            try:
                raise SyncStopped
            finally:
                raise error

    result = sync(on_progress=fail)
    assert (result.status, result.error) == (
        "interrupted",
        "The sync was stopped. The next sync resumes from there.",
    )
    assert result.inserted + sync().inserted == 5


def test_interrupt_as_a_transaction_begins_is_an_interrupt(sync, add_threads):
    """Django then believes to be in a transaction, also on a closed connection."""
    add_threads(5)

    def stop(progress):
        if progress.status == "syncing":
            transaction.atomic().__enter__()
            raise SyncStopped

    result = sync(on_progress=stop)
    assert result.status == "interrupted", result.error
    assert result.inserted + sync().inserted == 5
