"""Requests that take Facebook too long: less is requested, and Instagram stops alone if even that fails."""

import pytest

from conversations.models import SyncRun
from conversations.sandbox import faults, refusals
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.engine_cases import EngineCase

pytestmark = pytest.mark.django_db

SIZES = 7  # of Instagram lists, from 100 conversations down to one with one message
THREADS = 6


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", instagram_id="17841400000000001", instagram_username="demoshop")


@pytest.fixture
def page(page, shop):
    page.instagram_account_id = shop.instagram_id
    known = {"windows": False, "folders": dict.fromkeys(FOLDERS, "refused")}
    page.capabilities = {"messenger": dict(known), "instagram": dict(known)}
    page.save()
    return page


@pytest.fixture(autouse=True)
def inbox(world, shop):
    now = world.clock.now()
    for number in range(THREADS):
        for platform in ("messenger", "instagram"):
            time = now - 60 * (number + 1)
            world.add_conversation(shop, platform=platform, messages=3, updated_time=time)


def states(page, platform) -> list[str]:
    return list(page.threads.filter(platform=platform).values_list("state", flat=True))


def instagram_calls(sandbox) -> list:
    return sandbox.call_log.matching("/conversations", platform="instagram")


def test_case_of_a_time_out_by_size(sync, page, sandbox):
    EngineCase("04-minus2-2534084", sandbox).play()
    result = sync()
    assert (result.status, result.inserted, result.owed) == ("complete", 2 * THREADS, 0)
    assert SyncRun.objects.get().notes == []
    limits = [call.params["limit"] for call in instagram_calls(sandbox)]
    assert limits[:5] == ["100", "50", "25", "10", "5"]
    assert limits.count("1") <= THREADS + 2, "one for each conversation, and the head"
    page.refresh_from_db()
    assert page.capabilities["instagram"]["size"][0] == 1
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert len(instagram_calls(sandbox)) <= 2


def test_instagram_stops_with_the_explanation_if_even_one_conversation_is_too_much(sync, page, sandbox):
    sandbox.faults.add(refusals.instagram_timeout(), times=None, platform="instagram")
    result = sync()
    assert (result.status, result.inserted) == ("complete", THREADS)
    (note,) = SyncRun.objects.get().notes
    assert "Instagram is not available for this Page: the app needs Advanced Access" in note
    assert refusals.NO_ACCESS in note
    page.refresh_from_db()
    assert (set(page.watermarks), page.state) == ({"messenger"}, "connected")
    assert len(instagram_calls(sandbox)) == SIZES + 2
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert len(instagram_calls(sandbox)) == 3, "the smallest size is remembered"
    sandbox.faults.clear()
    assert sync().inserted == THREADS


def test_refused_folder_is_not_remembered_if_instagram_is_stopped(sync, page, sandbox):
    page.capabilities = {}
    page.save()
    sandbox.faults.add(refusals.instagram_timeout(), times=None, platform="instagram")
    assert sync().status == "complete"
    page.refresh_from_db()
    assert "refused" not in page.capabilities["instagram"].get("folders", {}).values()
    sandbox.faults.clear()
    assert sync(full=True).inserted == THREADS


@pytest.mark.parametrize(
    "fault",
    [refusals.gateway_timeout(), refusals.gateway_timeout(is_json=True), faults.graph_error(2, status=504)],
    ids=["504 with HTML", "code -2 with 504", "code 2 with 504"],
)
def test_size_that_ends_in_a_gateway_time_out_shrinks(sync, page, sandbox, fault):
    sandbox.faults.add(fault, times=None, path="/conversations", above=5)
    result = sync()
    assert (result.status, result.inserted) == ("complete", 2 * THREADS)
    assert sandbox.call_log.matching("/conversations", platform="messenger")[-1].params["limit"] == "5"


def test_messages_that_take_too_long_are_pending_and_not_unreadable(sync, page, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=90)
    sandbox.faults.add(refusals.instagram_timeout(), times=None, path=f"/{thread.id}/messages")
    result = sync()
    assert (result.status, result.owed, result.skipped) == ("complete_with_errors", 1, 0)
    limits = [call.params["limit"] for call in sandbox.call_log.matching(f"/{thread.id}/messages")]
    assert limits == ["100", "50", "25", "10", "1"]
    assert page.threads.get(graph_id=thread.id).state == "owed"
    sandbox.faults.clear()
    assert sync().status == "complete"
    assert page.threads.get(graph_id=thread.id).held_count == 90
