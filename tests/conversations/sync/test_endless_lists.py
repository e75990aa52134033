"""Lists and threads that never end, or grow while they are read: the run ends, and all else is stored."""

from datetime import timedelta

import pytest

from conversations.graph.readers import list_progress
from conversations.models import InteractionEvent, SyncRun
from conversations.sandbox import Endless, faults
from conversations.sync.crawl import backfill, list_reader
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


@pytest.mark.parametrize(
    "limit", [("MAX_MESSAGES", 500), ("MAX_ANSWERS", 6)], ids=["many messages", "many answers"]
)
def test_thread_without_a_count_ends_too(
    sync, page, shop, sandbox, by_cursor, add_threads, monkeypatch, limit
):
    monkeypatch.setattr(backfill, *limit)
    (bad,) = add_threads(1, messages=60)
    bad.raw = {"message_count": None}
    bad.endless = Endless("new")
    result = sync()
    assert (result.status, result.owed) == ("complete_with_errors", 1)
    assert "goes on" in ledger(page)[bad.id][1]
    assert 400 < page.threads.get().held_count < 800


def test_endless_thread_that_is_pending_ends_each_run(sync, page, shop, sandbox, by_cursor, add_threads):
    add_threads(2, messages=60)
    next(iter(shop.threads.values())).endless = Endless("repeated", "new")
    sync()
    before = row_versions()
    again = sync()
    assert (again.status, again.owed) == ("complete_with_errors", 1)
    assert again.requests <= 2 + LIMIT + 1
    assert row_versions()["interactionevent"] == before["interactionevent"]


@pytest.fixture
def few_answers(monkeypatch) -> int:
    """A list ends after fewer answers than usual, each of which takes its time."""
    monkeypatch.setattr(list_progress, "MAX_ANSWERS_WITHOUT_NEW", 5)
    return 5


@pytest.mark.parametrize("windows", [False, True], ids=["by cursor", "by windows"])
def test_endless_inbox_is_pending_and_everything_it_showed_is_stored(
    sync, page, world, shop, sandbox, by_cursor, small_batches, add_threads, endless, windows, few_answers
):
    reason = f"The list never ends: {few_answers} answers in a row showed nothing new."
    page.capabilities["messenger"]["windows"] = windows
    page.save()
    sandbox.switches.updated_ms = "honoured" if windows else "refused"
    add_threads(35, messages=12)  # two answers for each thread
    shop.endless["messenger"] = endless
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 35)
    run = SyncRun.objects.get()
    assert f"Messenger: {reason} The next sync continues there." in run.notes
    assert run.ledger["lists"] == [{"platform": "messenger", "folder": None, "reason": reason}]
    assert_exact(page, world, shop)
    page.refresh_from_db()
    assert page.watermarks, "all that is newer than where the list goes on has been read"
    calls = 8 + few_answers * (8 if windows else 1)
    assert len(sandbox.call_log.matching("/conversations")) <= calls
    sandbox.call_log.clear()
    world.add_conversation(shop, messages=12)
    again = sync()
    assert (again.status, again.owed, again.inserted) == ("complete_with_errors", 1, 1)
    assert len(sandbox.call_log.matching("/conversations")) <= 1 + calls
    shop.endless.clear()
    world.add_conversation(shop, updated_time=world.clock.now() - 60 * 1000)
    assert sync().status == "complete"
    again = sync()
    assert (again.status, again.requests) == ("complete", 1)
    assert "lists" not in SyncRun.objects.latest("pk").ledger
    assert_exact(page, world, shop)


@pytest.mark.parametrize("folder", ["spam", "pending"])
def test_endless_folder_is_pending_and_the_inbox_is_complete(sync, page, sandbox, add_threads, folder):
    add_threads(3)
    sandbox.switches.folders = {folder}
    sandbox.script.add(f"/*/conversations?folder={folder}", endless_folder)
    result = sync()
    assert (result.status, result.owed, result.synced) == ("complete_with_errors", 1, 4)
    run = SyncRun.objects.get()
    assert f"Messenger, folder {folder}: {NEVER_ENDS} The next sync continues there." in run.notes
    assert run.ledger["lists"] == [{"platform": "messenger", "folder": folder, "reason": NEVER_ENDS}]
    page.refresh_from_db()
    assert page.watermarks, "the inbox is complete"
    again = sync()
    assert (again.status, again.owed, again.requests) == ("complete_with_errors", 1, 1 + LIMIT)
    sandbox.script.add(f"/*/conversations?folder={folder}", {"data": []})
    assert [sync().status for _ in range(2)] == ["complete", "complete"]
    assert SyncRun.objects.latest("pk").requests == 1


@pytest.mark.parametrize("folder", ["", "spam"])
@pytest.mark.parametrize(
    ("limit", "seconds", "reason"),
    [
        ((list_progress, "MAX_ANSWERS_NOT_OLDER", 40), 0, "40 answers in a row showed nothing older"),
        ((list_reader, "MAX_ANSWERS", 60), 60, "The list goes on after 60 answers."),
    ],
    ids=["of one time", "of any time"],
)
def test_list_of_ever_new_threads_is_pending(
    sync, page, sandbox, by_cursor, monkeypatch, limit, seconds, reason, folder
):
    """Each answer shows a thread that no answer has shown before."""
    monkeypatch.setattr(*limit)
    page.capabilities["messenger"]["folders"].pop(folder, None)
    page.save()

    def ever_new(params: dict) -> dict:
        number = int(params.get("after") or 0)
        updated = engine_cases.graph_time(engine_cases.NEWEST - timedelta(seconds=seconds * number))
        person = {"id": f"7{number:015}", "name": f"Person {number}"}
        message = {**engine_cases.messages(1)[0], "id": f"m_{number}", "from": person}
        shown = engine_cases.thread({"data": [message]}, id=f"t_new_{number}", updated_time=updated)
        shown["participants"] = {"data": [person, engine_cases.SHOP]}
        cursors = {"cursors": {"after": str(number + 1)}, "next": f"https://x/?after={number + 1}"}
        return {"data": [shown], "paging": cursors}

    sandbox.script.add(f"/*/conversations?folder={folder}" if folder else engine_cases.LISTS, ever_new)
    result = sync()
    assert (result.status, result.owed) == ("complete_with_errors", 1)
    assert 40 <= result.inserted <= 61
    assert reason in SyncRun.objects.get().ledger["lists"][0]["reason"]
    again = sync()
    assert (again.status, again.owed) == ("complete_with_errors", 1)
    assert again.inserted >= 39, "it continues where the last run stopped"


def test_list_that_never_ends_is_continued_after_a_kill(
    sync, page, world, shop, sandbox, by_cursor, add_threads
):
    """The run is killed while it reads the head again, after the endless list was left."""
    add_threads(3)
    shop.endless["messenger"] = Endless("none", "new")
    sandbox.faults.add(faults.graph_error(2), times=None, after=1 + LIMIT, path="/conversations")
    assert sync().status == "error"
    sandbox.faults.clear()
    again = sync()
    assert (again.status, again.owed) == ("complete_with_errors", 1)
    shop.endless.clear()
    world.add_conversation(shop, updated_time=world.clock.now() - 60 * 1000)
    assert sync().status == "complete"
    assert_exact(page, world, shop)


@pytest.fixture
def extra_messages(monkeypatch) -> int:
    """A run reads only so many messages of a thread beyond their number; usually 2000, which takes long."""
    monkeypatch.setattr(backfill, "EXTRA_MESSAGES", 400)
    return 400


def endless_folder(params):
    data = [] if params.get("after") else [engine_cases.thread({"data": engine_cases.messages(1)})]
    paging = {"cursors": {"after": "SAME"}, "next": "https://graph.facebook.com/x?after=SAME"}
    return {"data": data, "paging": paging}


@pytest.mark.parametrize(
    ("growth", "calls", "reason"),
    [(10, LIMIT + 1, NEVER_ENDS), (11, 520 // 10 + 20, "goes on")],
    ids=["the same messages again", "newer messages"],
)
def test_thread_that_grows_as_fast_as_it_is_read_ends(
    sync, page, shop, sandbox, by_cursor, small_batches, add_threads, extra_messages, growth, calls, reason
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
    sync, page, world, shop, sandbox, by_cursor, add_threads, extra_messages
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
    assert extra_messages < stored < extra_messages + 1000
    assert sync().status == "complete_with_errors"
    assert page.threads.get(graph_id=bad.id).held_count > stored + extra_messages
    bad.endless = None
    assert sync().status == "complete"
    assert_exact(page, world, shop)
