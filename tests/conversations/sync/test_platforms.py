"""A Page with an Instagram account: two platforms in one run, and neither stops the other."""

import pytest

from conversations import models
from conversations.connections.probe import probe_page
from conversations.models import CallBudget, InteractionEvent, Page, SyncRun, Thread
from conversations.sandbox import Endless, faults
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.sync.copies import row_versions

pytestmark = pytest.mark.django_db

PLATFORMS = ("messenger", "instagram")
SHOWN = 20  # messages that Instagram shows of a thread


@pytest.fixture
def shop(world):
    return world.add_page(
        "900000000000001", "Demo Shop", instagram_id="17841400000000001", instagram_username="demoshop"
    )


@pytest.fixture
def page(page, shop) -> models.Page:
    page.instagram_account_id = shop.instagram_id
    page.save()
    return page


@pytest.fixture
def inbox(world, shop):
    """Six threads on each platform, with 1 to 90 messages."""
    now = world.clock.now()
    threads = {platform: [] for platform in PLATFORMS}
    for platform in PLATFORMS:
        for number, messages in enumerate((1, 19, 20, 21, 41, 90)):
            thread = world.add_conversation(
                shop, messages=messages, platform=platform, updated_time=now - 9999 * (number + 1)
            )
            threads[platform].append(thread)
    return threads


def watermarks(page) -> set[str]:
    page.refresh_from_db()
    return set(page.watermarks)


def stored_counts(page, platform: str) -> dict[str, int]:
    return dict(page.threads.filter(platform=platform).values_list("graph_id", "held_count"))


def expected_counts(threads, limit: int = 10**6) -> dict[str, int]:
    return {thread.id: min(len(thread.history), limit) for thread in threads}


def assert_both_are_complete(page, inbox) -> None:
    assert stored_counts(page, "messenger") == expected_counts(inbox["messenger"])
    assert stored_counts(page, "instagram") == expected_counts(inbox["instagram"], SHOWN)
    assert not page.threads.exclude(state="stored").exists()
    events = InteractionEvent.objects.filter(conversation__page=page)
    assert events.count() == sum(sum(stored_counts(page, platform).values()) for platform in PLATFORMS)


def calls_of(sandbox, platform: str) -> int:
    return len(sandbox.call_log.matching(platform=platform))


# -- both --------------------------------------------------------------------------------------------------
def test_each_platform_is_read_to_its_own_watermark(sync, page, inbox):
    result = sync()
    assert (result.status, result.inserted, result.owed) == ("complete", 12, 0)
    assert_both_are_complete(page, inbox)
    page.refresh_from_db()
    for platform in PLATFORMS:
        newest = max(thread.updated_time for thread in inbox[platform])
        assert page.watermark(platform).timestamp() == int(newest)
    assert set(SyncRun.objects.get().ledger["platforms"]) == set(PLATFORMS)


def test_each_platform_has_its_own_budget(sync, page, inbox, sandbox):
    sandbox.faults.add(faults.graph_error(613), platform="instagram")
    assert sync().status == "complete"
    closed = dict(CallBudget.objects.values_list("platform", "closed_until"))
    assert closed["instagram"]
    assert closed["messenger"] is None


def test_no_instagram_call_is_made_without_an_account(sync, page, inbox, sandbox):
    Page.objects.update(instagram_account_id="")
    assert sync().status == "complete"
    assert calls_of(sandbox, "instagram") == 0
    assert watermarks(page) == {"messenger"}


def test_account_that_is_linked_later_is_read_completely_by_the_next_run(sync, page, inbox, sandbox, world):
    Page.objects.update(instagram_account_id="")
    sync()
    Page.objects.update(instagram_account_id=page.instagram_account_id)
    world.add_message(inbox["messenger"][0], "News")
    sandbox.call_log.clear()
    result = sync()
    assert (result.mode, result.status, result.inserted, result.updated) == ("incremental", "complete", 6, 1)
    assert calls_of(sandbox, "messenger") == 1
    assert_both_are_complete(page, inbox)
    assert watermarks(page) == set(PLATFORMS)


# -- what Instagram shows of a long thread -----------------------------------------------------------------
@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
def test_thread_longer_than_the_window_is_truncated_and_not_pending(sync, page, inbox, sandbox, mode):
    sandbox.switches.instagram_old_messages = mode
    result = sync()
    assert (result.status, result.owed, result.skipped) == ("complete", 0, 0)
    assert_both_are_complete(page, inbox)
    histories = dict(page.threads.filter(platform="instagram").values_list("graph_id", "history"))
    assert histories == {
        thread.id: "truncated" if len(thread.history) > SHOWN else "complete" for thread in inbox["instagram"]
    }
    assert set(page.threads.filter(platform="messenger").values_list("history", flat=True)) == {"complete"}


@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
@pytest.mark.parametrize("full", [False, True])
def test_second_run_writes_nothing_and_makes_few_calls(sync, page, inbox, sandbox, mode, full):
    sandbox.switches.instagram_old_messages = mode
    sync()
    before = row_versions()
    sandbox.call_log.clear()
    result = sync(full=full)
    assert (result.status, result.events_created) == ("complete", 0)
    assert row_versions() == before
    if not full:
        assert all(calls_of(sandbox, platform) <= 2 for platform in PLATFORMS)


@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
def test_answers_with_few_messages_are_continued_to_the_end_of_the_window(sync, page, inbox, sandbox, mode):
    sandbox.switches.instagram_old_messages = mode
    sandbox.limits.max_weight = 55  # five threads with ten messages of each
    result = sync()
    assert (result.status, result.owed, result.skipped) == ("complete", 0, 0)
    assert stored_counts(page, "instagram") == expected_counts(inbox["instagram"], SHOWN)
    assert_both_are_complete(page, inbox)


@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
def test_stored_messages_stay_when_they_leave_the_window(sync, page, inbox, sandbox, world, mode):
    sandbox.switches.instagram_old_messages = mode
    sync()
    for number in range(15):
        for thread in inbox["instagram"]:
            world.add_message(thread, f"News {number}")
    result = sync()
    assert (result.status, result.owed) == ("complete", 0)
    assert stored_counts(page, "instagram") == {
        thread.id: min(len(thread.history) - 15, SHOWN) + 15 for thread in inbox["instagram"]
    }


# -- one without the other ---------------------------------------------------------------------------------
REFUSALS = {
    "link or login": faults.permission_error(10, 2534077),
    "no account": faults.graph_error(100, 2534013),
    "turned off": faults.permission_error(200, 2534041),
    "not eligible": faults.graph_error(36103),
    "permission 10": faults.permission_error(10),
    "permission 200": faults.permission_error(200),
    "capability 3": faults.permission_error(3, status=400),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_instagram_is_a_note_and_messenger_is_complete(sync, page, inbox, sandbox, name):
    sandbox.faults.add(REFUSALS[name], times=None, platform="instagram")
    result = sync()
    assert (result.status, result.inserted, result.error) == ("complete", 6, "")
    assert stored_counts(page, "messenger") == expected_counts(inbox["messenger"])
    assert watermarks(page) == {"messenger"}
    assert (page.state, page.state_reason) == ("connected", "")
    run = SyncRun.objects.get()
    assert [note for note in run.notes if "Instagram" in note]
    sandbox.call_log.clear()
    sync()
    assert 1 <= calls_of(sandbox, "instagram") <= 2, "each run tries again, as Facebook may allow it later"
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_both_are_complete(page, inbox)


def test_missing_permission_for_instagram_is_a_note(sync, page, shop, inbox, sandbox, world):
    sandbox.switches.check_permissions = True
    world.tokens[shop.token].granted.discard("instagram_manage_messages")
    assert (sync().status, watermarks(page), page.state) == ("complete", {"messenger"}, "connected")
    assert "permission" in " ".join(SyncRun.objects.get().notes)


@pytest.mark.parametrize("name", ["link or login", "permission 10"])
def test_instagram_refused_in_the_middle_keeps_what_was_stored(sync, page, inbox, sandbox, name):
    sandbox.switches.max_limit = 2
    sandbox.faults.add(REFUSALS[name], times=None, platform="instagram", path="&after=")
    result = sync()
    assert result.status == ("complete_with_errors" if result.owed else "complete")
    assert (watermarks(page), page.state) == ({"messenger"}, "connected")
    assert 6 < result.synced + result.owed < 12
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert_both_are_complete(page, inbox)


def test_missing_messenger_permission_needs_a_reconnect_and_instagram_continues(
    sync, page, shop, inbox, sandbox, world
):
    sandbox.switches.check_permissions = True
    world.tokens[shop.token].granted.discard("pages_messaging")
    result = sync()
    run = SyncRun.objects.get()
    assert (result.status, run.fault, result.inserted) == ("error", "owner", 6)
    assert "pages_messaging" in result.error
    assert watermarks(page) == {"instagram"}
    assert page.state == "reconnect"
    assert stored_counts(page, "instagram") == expected_counts(inbox["instagram"], SHOWN)
    assert not page.threads.filter(platform="messenger").exists()
    world.tokens[shop.token].granted.add("pages_messaging")
    assert sync().status == "complete"
    assert_both_are_complete(page, inbox)
    assert watermarks(page) == set(PLATFORMS)
    assert page.state == "connected"


@pytest.mark.parametrize("instagram", ["link or login", "permission 10", "it does not answer"])
def test_missing_messenger_permission_needs_a_reconnect_whatever_instagram_answers(
    sync, page, inbox, sandbox, instagram
):
    sandbox.faults.add(REFUSALS.get(instagram, faults.unavailable()), times=None, platform="instagram")
    sandbox.faults.add(faults.slow(0.3), platform="messenger")
    sandbox.faults.add(faults.permission_error(10), times=None, platform="messenger")
    result = sync()
    page.refresh_from_db()
    assert (result.status, page.state, SyncRun.objects.get().fault) == ("error", "reconnect", "owner")
    assert "pages_messaging" in result.error
    if instagram in REFUSALS:
        assert [note for note in SyncRun.objects.get().notes if "Instagram" in note]


@pytest.mark.parametrize("dead", PLATFORMS)
@pytest.mark.parametrize("after", [0, 2])
def test_platform_that_does_not_answer_leaves_the_other_complete(sync, page, inbox, sandbox, dead, after):
    sandbox.switches.max_limit = 2
    sandbox.faults.add(faults.unavailable(), times=None, platform=dead, after=after)
    (alive,) = set(PLATFORMS) - {dead}
    assert (sync().status, SyncRun.objects.get().fault) == ("error", "facebook")
    assert watermarks(page) == {alive}
    assert page.state == "connected"
    assert stored_counts(page, alive) == expected_counts(inbox[alive], SHOWN if alive == "instagram" else 90)
    assert not page.threads.filter(platform=alive, state=Thread.State.OWED).exists()
    sandbox.faults.clear()
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert_both_are_complete(page, inbox)
    assert watermarks(page) == set(PLATFORMS)


def test_platform_that_does_not_answer_does_not_delay_later_runs_of_the_other(
    sync, page, inbox, sandbox, world
):
    sync()
    for thread in (inbox["messenger"][3], inbox["instagram"][3]):
        world.add_message(thread, "News")
    before = Page.objects.get().watermarks
    sandbox.faults.add(faults.unavailable(), times=None, platform="instagram")
    assert sync().status == "error"
    after = Page.objects.get().watermarks
    assert after["messenger"] > before["messenger"]
    assert after["instagram"] == before["instagram"]
    sandbox.faults.clear()
    assert (sync().status, sync().requests) == ("complete", 2)
    assert stored_counts(page, "messenger") == expected_counts(inbox["messenger"])
    assert InteractionEvent.objects.filter(text="News").count() == 2


def test_invalid_token_stops_both_platforms(sync, page, inbox, sandbox):
    sandbox.faults.add(faults.token_error(463), times=None, platform="instagram")
    assert sync().status == "error"
    page.refresh_from_db()
    probe_page(page)
    page.refresh_from_db()
    assert page.state == "reconnect"


@pytest.mark.parametrize("name", REFUSALS)
def test_page_is_connected_again_although_instagram_is_refused(page, inbox, sandbox, name):
    page.reconnect("The token has expired.")
    sandbox.faults.add(REFUSALS[name], times=None, platform="instagram")
    probe_page(page)
    page.refresh_from_db()
    assert (page.state, len(sandbox.call_log)) == ("connected", 2)


def test_interrupted_head_is_read_again(sync, page, world, shop, sandbox):
    sandbox.switches.max_limit = 10
    now = world.clock.now() - 6000
    for n in range(25):
        world.add_conversation(shop, updated_time=now - 60 * n)
    world.add_conversation(shop, platform="instagram", updated_time=now)
    for n in range(200):
        world.add_conversation(shop, folder="spam", updated_time=now - 60 * n)
    sandbox.faults.add(faults.unavailable(), path="folder=spam", platform="messenger", times=None, after=15)
    assert sync().status == "error"
    assert SyncRun.objects.latest("pk").checkpoint["messenger/inbox"]["walked"]
    sandbox.faults.clear()
    for n in range(30):
        world.add_conversation(shop, updated_time=now + 6000 - n)
    sandbox.faults.add(faults.unavailable(), path="after=[A-Z]", platform="messenger", times=None)
    assert sync().status == "error"  # after the first answer of the head
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert Thread.objects.count() == 256


@pytest.mark.parametrize("data", ["none", "repeated"])
def test_endless_instagram_inbox_leaves_messenger_complete(sync, page, shop, inbox, data):
    page.capabilities = {"instagram": {"folders": dict.fromkeys(FOLDERS, "refused")}}
    page.save()
    shop.endless["instagram"] = Endless(data, "new")
    result = sync()
    assert (result.status, result.owed, result.inserted) == ("complete_with_errors", 1, 12)
    assert watermarks(page) == {"messenger"}
    assert "Instagram: The list never ends" in " ".join(SyncRun.objects.get().notes)


def test_endless_instagram_thread_ends_by_itself(sync, page, world, shop, sandbox):
    thread = world.add_conversation(shop, platform="instagram", messages=3)
    thread.endless = Endless("none", "new")
    other = world.add_conversation(shop, messages=3)
    assert sync().status == "complete_with_errors"
    assert dict(page.threads.values_list("graph_id", "state")) == {thread.id: "owed", other.id: "stored"}
    assert len(sandbox.call_log.matching(f"/{thread.id}/messages")) == 20
