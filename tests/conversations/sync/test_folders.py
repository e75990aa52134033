"""Threads in other folders than the inbox: full runs read them, with a few extra calls."""

import pytest

from conversations.models import InteractionEvent, Page, SyncRun
from conversations.sandbox import faults
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db


@pytest.fixture
def fill(world, shop):
    """Returns a function that adds threads to a folder, some of them long."""

    def add(count: int, folder: str = "inbox", **fields):
        now = world.clock.now()
        return [
            world.add_conversation(
                shop,
                messages=60 if number % 7 == 3 else 2,
                folder=folder,
                updated_time=now - 7777 * (number + 1),
                **fields,
            )
            for number in range(count)
        ]

    return add


@pytest.fixture
def known_folders(page):
    def read() -> dict[str, str]:
        return Page.objects.get(pk=page.pk).capabilities["messenger"].get("folders", {})

    return read


def requested_folders(sandbox) -> list[str]:
    """The requested folders, once for each call."""
    return [call.params["folder"] for call in sandbox.call_log.matching("folder=")]


@pytest.mark.parametrize("windows", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("limit", [None, 10])
def test_full_run_stores_the_threads_of_every_folder(
    sync, page, world, shop, sandbox, fill, known_folders, windows, limit
):
    sandbox.switches.updated_ms, sandbox.switches.max_limit = windows, limit
    for folder, count in zip(("inbox", *FOLDERS), (35, 23, 12, 1, 0), strict=True):
        fill(count, folder)
    result = sync()
    assert (result.status, result.inserted, result.owed) == ("complete", 71, 0)
    assert_exact(page, world, shop)
    assert known_folders() == dict.fromkeys(FOLDERS, "ok")
    before = row_versions()
    assert sync(full=True).updated == 0
    assert row_versions() == before


def test_folder_is_stored_if_the_inbox_is_empty(sync, page, world, shop, fill):
    fill(12, "spam")
    assert sync().inserted == 12
    assert_exact(page, world, shop)


def test_incremental_run_requests_no_folder(sync, sandbox, fill):
    fill(3)
    fill(3, "other")
    sync()
    sandbox.call_log.clear()
    assert (sync().mode, requested_folders(sandbox), len(sandbox.call_log)) == ("incremental", [], 1)


def test_thread_that_moves_between_folders_is_stored_once(sync, page, world, shop, fill):
    threads = fill(6)
    fill(4, "other")
    sync()
    for thread in threads[:3]:
        world.remove_conversation(thread)
        thread.folder = "page_done"
        world.place(thread)
        world.add_message(thread, "A last message")
    assert (sync(full=True).inserted, page.conversations.count()) == (0, 10)
    assert_exact(page, world, shop)


# -- refused -----------------------------------------------------------------------------------------------
def test_refused_folder_is_remembered_and_not_requested_again(
    sync, page, world, shop, sandbox, fill, known_folders
):
    fill(5)
    fill(5, "page_done")
    sandbox.switches.folders = {"inbox", "page_done"}
    result = sync()
    assert (result.status, result.inserted, SyncRun.objects.get().notes) == ("complete", 10, [])
    assert known_folders() == {
        "page_done": "ok",
        "other": "refused",
        "pending": "refused",
        "spam": "refused",
    }
    assert len(requested_folders(sandbox)) == 4
    sandbox.call_log.clear()
    assert sync(full=True).status == "complete"
    assert requested_folders(sandbox) == ["page_done"]


def test_folder_that_does_not_answer_is_an_error_and_not_remembered(sync, page, sandbox, fill, known_folders):
    fill(5)
    fill(5, "spam")
    sandbox.faults.add(faults.unavailable(), times=None, path="folder=spam")
    assert sync().status == "error"
    assert "spam" not in known_folders()
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert page.conversations.count() == 10


# -- ignored -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("windows", ["honoured", "ignored", "refused"])
@pytest.mark.parametrize("count", [1, 2, 3, 45])
def test_server_that_shows_the_inbox_for_folders_is_detected(
    sync, page, world, shop, sandbox, fill, known_folders, windows, count
):
    sandbox.switches.updated_ms = windows
    sandbox.switches.max_limit = 10
    sandbox.switches.ignored_folders = set(FOLDERS)
    fill(count)
    result = sync()
    assert (result.status, result.inserted, result.synced) == ("complete", count, count)
    assert known_folders() == dict.fromkeys(FOLDERS, "ignored")
    assert_exact(page, world, shop)
    assert len(requested_folders(sandbox)) == 4, "one call per folder is enough"
    sandbox.call_log.clear()
    sync(full=True)
    assert requested_folders(sandbox) == []


def test_ignored_folders_are_not_detected_while_the_page_is_empty(
    sync, page, world, shop, sandbox, fill, known_folders
):
    sandbox.switches.ignored_folders = set(FOLDERS)
    assert sync().status == "complete"
    fill(2)
    assert sync(full=True).inserted == 2
    assert known_folders() == dict.fromkeys(FOLDERS, "ignored")
    assert_exact(page, world, shop)


@pytest.mark.parametrize("slow", ["inbox", "folder"])
def test_ignored_folder_is_detected_whichever_answer_comes_first(
    sync, page, world, shop, sandbox, fill, known_folders, slow
):
    sandbox.switches.ignored_folders = {"other"}
    sandbox.switches.max_limit = 10
    fill(45)
    fill(15, "spam")
    path = "folder=" if slow == "folder" else r"conversations\?(?!.*folder=)"
    sandbox.faults.add(faults.slow(0.5), path=path, times=4)
    result = sync()
    assert (result.status, result.inserted) == ("complete", 60)
    assert known_folders()["other"] == "ignored"
    assert known_folders()["spam"] == "ok"
    assert requested_folders(sandbox).count("other") == 1
    assert InteractionEvent.objects.count() == sum(len(thread.history) for thread in shop.threads.values())
    assert_exact(page, world, shop)


# -- interrupted runs --------------------------------------------------------------------------------------
@pytest.mark.parametrize("inbox", [0, 5, 25])
def test_next_run_resumes_a_folder(sync, page, world, shop, sandbox, fill, inbox):
    sandbox.switches.max_limit = 10
    fill(inbox)
    fill(35, "spam")
    sandbox.faults.add(faults.unavailable(), times=None, path="folder=spam", after=2)
    assert sync().status == "error"
    sandbox.faults.clear()
    sandbox.call_log.clear()
    fill(1, "inbox", unread_count=1)
    assert sync().status == "complete"
    assert_exact(page, world, shop)
    assert page.conversations.count() == inbox + 36


def test_folder_is_resumed_where_it_stopped_two_interrupted_runs_ago(
    sync, page, world, shop, sandbox, fill, small_batches
):
    fill(45)
    fill(45, "spam")
    inbox = r"/conversations\?(?!.*folder=)"
    for path in (inbox, "folder=spam"):
        sandbox.faults.add(faults.unavailable(), times=None, path=path, after=2)
    assert sync().status == "error"
    sandbox.faults.clear()
    sandbox.faults.add(faults.unavailable(), times=None, path=inbox, after=1)
    assert sync().status == "error"  # stores one batch of the inbox, and does not get to the folder
    sandbox.faults.clear()
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert sandbox.call_log.matching("folder=spam")[0].params.get("after")
    assert_exact(page, world, shop)


def test_ignored_folder_that_answers_after_the_head_is_detected(
    sync, page, world, shop, sandbox, fill, known_folders
):
    sandbox.switches.updated_ms = "honoured"
    sandbox.switches.max_limit = 10
    sandbox.switches.ignored_folders = {"other"}
    fill(45)
    sandbox.faults.add(faults.slow(1), path="folder=other", times=1)
    assert sync().status == "complete"
    assert known_folders()["other"] == "ignored"
    assert requested_folders(sandbox).count("other") == 1


def test_result_of_a_late_probe_is_remembered(sync, sandbox, add_threads, small_batches):
    sandbox.switches.updated_ms = "honoured"
    add_threads(15)
    sandbox.faults.add(faults.slow(0.5), path=r"updated_before_ms=1072915200000", times=1)
    sync()
    assert Page.objects.get().capabilities["messenger"]["windows"] is True


@pytest.mark.parametrize("stored", ["text", {"windows": "yes", "folders": ["spam"], "size": 7}])
def test_capabilities_that_cannot_be_read_are_found_out_again(sync, page, fill, known_folders, stored):
    Page.objects.update(capabilities={"messenger": stored, "notes": ["kept"]})
    fill(2)
    assert sync().status == "complete"
    assert known_folders() == dict.fromkeys(FOLDERS, "ok")
    assert Page.objects.get().capabilities["notes"] == ["kept"]
