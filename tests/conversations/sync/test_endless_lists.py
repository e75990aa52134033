"""Lists and threads that never end, or grow while they are read: the run ends, and all else is stored."""

import pytest

from conversations.models import InteractionEvent, SyncRun
from conversations.sandbox import Endless
from tests.conversations import engine_cases
from tests.conversations.engine_cases import EngineCase
from tests.conversations.sync.copies import assert_exact, row_versions

pytestmark = pytest.mark.django_db

ENDLESS = [Endless(data, cursor) for data in ("none", "repeated") for cursor in ("same", "new")]
LIMIT = 20  # answers in a row without anything new
NEVER_ENDS = "The list never ends: 20 answers in a row showed nothing new."


@pytest.fixture(params=ENDLESS, ids=lambda each: f"{each.data}, {each.cursor} cursor")
def endless(request):
    return request.param


def ledger(page) -> dict[str, tuple[str, str]]:
    return {row.graph_id: (row.state, row.reason) for row in page.threads.all()}


def test_case_of_an_endless_thread(sync, page, sandbox, by_cursor):
    case = EngineCase("01-endless-paging", sandbox)
    case.play()
    result = sync(full=True)
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 0)
    assert ledger(page) == {"t_1": ("owed", NEVER_ENDS)}
    assert len(sandbox.call_log.matching("/t_1/messages")) == 1 + LIMIT
    assert page.conversations.get().events.count() == 27
    assert page.threads.get().held_count == 27
    again = sync()
    assert (again.status, again.owed, again.events_created) == ("complete_with_errors", 1, 0)
    assert again.requests <= 2 + 2 * LIMIT


def test_endless_thread_costs_twenty_calls_and_nothing_else(
    sync, page, world, shop, sandbox, by_cursor, add_threads, endless
):
    add_threads(5, messages=60)
    normal_calls = 1 + 5  # the list, and one for each thread
    bad = list(shop.threads.values())[2]
    bad.endless = endless
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 4)
    assert ledger(page)[bad.id] == ("owed", NEVER_ENDS)
    assert result.requests <= normal_calls + LIMIT + 1
    assert InteractionEvent.objects.count() == 5 * 60
    assert SyncRun.objects.get().checkpoint == {}
    page.refresh_from_db()
    assert page.watermarks, "the list itself was read to its end"
    bad.endless = None
    assert sync().status == "complete"
    assert_exact(page, world, shop)


def test_endless_thread_that_is_pending_ends_each_run(sync, page, shop, sandbox, by_cursor, add_threads):
    add_threads(2, messages=60)
    next(iter(shop.threads.values())).endless = Endless("repeated", "new")
    sync()
    before = row_versions()
    again = sync()
    assert (again.status, again.owed) == ("complete_with_errors", 1)
    assert again.requests <= 2 + LIMIT + 1
    assert row_versions()["interactionevent"] == before["interactionevent"]


@pytest.mark.parametrize("windows", [False, True], ids=["by cursor", "by windows"])
def test_endless_inbox_is_pending_and_everything_it_showed_is_stored(
    sync, page, world, shop, sandbox, by_cursor, small_batches, add_threads, endless, windows
):
    page.capabilities["messenger"]["windows"] = windows
    page.save()
    sandbox.switches.updated_ms = "honoured" if windows else "refused"
    add_threads(35, messages=30)
    shop.endless["messenger"] = endless
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 35)
    run = SyncRun.objects.get()
    assert f"Messenger: {NEVER_ENDS} The next sync reads it again." in run.notes
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert page.watermarks == {}, "what the list did not show may be older"
    assert len(sandbox.call_log.matching("/conversations")) <= 6 + LIMIT * (8 if windows else 1)
    shop.endless.clear()
    world.add_conversation(shop, updated_time=world.clock.now() - 60 * 1000)
    assert (sync().status, sync().requests) == ("complete", 1)
    assert_exact(page, world, shop)


def test_endless_folder_is_pending_and_the_inbox_is_complete(sync, page, sandbox, add_threads):
    add_threads(3)
    sandbox.switches.folders = {"spam"}
    sandbox.script.add("/*/conversations?folder=spam", endless_folder)
    result = sync()
    assert (result.status, result.owed, result.synced) == ("complete_with_errors", 1, 4)
    notes = SyncRun.objects.get().notes
    assert f"Messenger, folder spam: {NEVER_ENDS} The next full sync reads it again." in notes
    page.refresh_from_db()
    assert page.watermarks, "the inbox is complete"
    again = sync()
    assert (again.status, again.requests) == ("complete", 1)


def endless_folder(params):
    data = [] if params.get("after") else [engine_cases.thread({"data": engine_cases.messages(1)})]
    paging = {"cursors": {"after": "SAME"}, "next": "https://graph.facebook.com/x?after=SAME"}
    return {"data": data, "paging": paging}


@pytest.mark.parametrize(
    ("growth", "calls", "reason"),
    [(10, LIMIT + 1, NEVER_ENDS), (11, 2120 // 10 + 20, "goes on")],
    ids=["the same messages again", "newer messages"],
)
def test_thread_that_grows_as_fast_as_it_is_read_ends(
    sync, page, shop, sandbox, by_cursor, small_batches, add_threads, growth, calls, reason
):
    add_threads(2, messages=60)
    bad, other = shop.threads.values()
    bad.growth = growth
    result = sync()
    assert (result.status, result.owed) == ("complete_with_errors", 1)
    state, text = ledger(page)[bad.id]
    assert state == "owed"
    assert reason in text
    assert ledger(page)[other.id] == ("stored", "")
    assert len(sandbox.call_log.matching(f"/{bad.id}/messages")) <= calls


def test_thread_with_ever_older_messages_continues_in_the_next_run(
    sync, page, world, shop, sandbox, by_cursor, add_threads
):
    add_threads(2, messages=60)
    bad = next(iter(shop.threads.values()))
    bad.endless = Endless("new")
    result = sync()
    assert (result.status, result.owed) == ("complete_with_errors", 1)
    state, reason = ledger(page)[bad.id]
    assert state == "owed"
    assert "goes on" in reason
    stored = page.threads.get(graph_id=bad.id).held_count
    assert 2000 < stored < 3000
    assert sync().status == "complete_with_errors"
    assert page.threads.get(graph_id=bad.id).held_count > stored + 2000
    bad.endless = None
    assert sync().status == "complete"
    assert_exact(page, world, shop)
