"""The number of calls of a re-sync: with k changed threads at most ceil(k / FULL) + 2 on each platform."""

import math
import random

import pytest

from conversations.graph import fields
from conversations.graph.readers import larger_lists
from conversations.models import InteractionEvent, Page
from conversations.sync.crawl.folders import FOLDERS
from tests.conversations.sync.copies import assert_exact, row_versions
from tests.seeds import SEED

pytestmark = pytest.mark.django_db

# A full call shows fewer conversations than the usual 100, so that fewer threads show the same.
FULL, THREADS = 20, 60
CHANGED = (0, 1, 5, 19, 20, 21, 50)
MAX_NEW = 25


@pytest.fixture
def shop(world):
    return world.add_page(
        "900000000000001", "Demo Shop", instagram_id="17841400000000001", instagram_username="demoshop"
    )


@pytest.fixture
def small_calls(monkeypatch):
    sizes = ((min(count, FULL), messages) for count, messages in fields.LIST_SIZES)
    monkeypatch.setattr(fields, "LIST_SIZES", tuple(dict.fromkeys(sizes)))
    monkeypatch.setattr(larger_lists, "USUAL", FULL)
    monkeypatch.setattr(larger_lists, "LARGER", (4 * FULL, 2 * FULL))


@pytest.fixture
def inbox(small_calls, page, world, shop, sandbox, sync):
    """Threads that were synced once by windows. A re-sync needs no windows and must not test time bounds."""
    sandbox.switches.updated_ms = "honoured"
    now = world.clock.now()
    threads = [
        world.add_conversation(shop, messages=number % 4 + 1, updated_time=now - 600 * (number + 1))
        for number in range(THREADS)
    ]
    assert sync().status == "complete"
    sandbox.call_log.clear()
    return threads


@pytest.fixture
def chance():
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    return random.Random(SEED)


def add_news(world, thread, count: int, chance: random.Random) -> None:
    """Add this many messages, all at this moment or one after the other in the last seconds."""
    now, spread = world.clock.now(), chance.choice([0, 1])
    for number in range(count):
        world.add_message(thread, f"News {number}", created_time=now - spread * (count - number) / 30)


@pytest.mark.parametrize("k", CHANGED)
def test_re_sync_calls_only_for_changes(sync, page, world, shop, sandbox, inbox, chance, k):
    for thread in chance.sample(inbox, k):
        add_news(world, thread, chance.choice([1, 3, MAX_NEW, MAX_NEW]), chance)
    result = sync()
    assert (result.mode, result.status, result.updated) == ("incremental", "complete", k)
    assert result.requests == len(sandbox.call_log) <= math.ceil(k / FULL) + 2
    assert_exact(page, world, shop)
    before = row_versions()
    sandbox.call_log.clear()
    assert sync().status == "complete"
    assert len(sandbox.call_log) <= 2
    assert row_versions() == before


@pytest.mark.parametrize("k", [1, 20, 50])
def test_new_threads_count_as_changed_threads(sync, page, world, shop, sandbox, inbox, chance, k):
    for _ in range(k):
        thread = world.add_conversation(shop, updated_time=world.clock.now())
        add_news(world, thread, chance.choice([0, MAX_NEW - 1]), chance)
    result = sync()
    assert (result.status, result.inserted) == ("complete", k)
    assert len(sandbox.call_log) <= math.ceil(k / FULL) + 2
    assert_exact(page, world, shop)


@pytest.mark.parametrize("k", CHANGED)
def test_each_platform_calls_only_for_its_own_changes(
    small_calls, sync, page, world, shop, sandbox, chance, k
):
    now = world.clock.now()
    Page.objects.update(instagram_account_id=shop.instagram_id)
    threads = {
        platform: [
            world.add_conversation(shop, messages=2, platform=platform, updated_time=now - 600 * (number + 1))
            for number in range(THREADS)
        ]
        for platform in ("messenger", "instagram")
    }
    assert sync().status == "complete"
    sandbox.call_log.clear()
    changed = {"messenger": k, "instagram": chance.choice(CHANGED)}
    print("changed", changed)  # noqa: T201 - shown if the test fails
    for platform, count in changed.items():
        for thread in chance.sample(threads[platform], count):
            add_news(world, thread, chance.choice([1, 18, MAX_NEW]), chance)
    result = sync()
    assert (result.status, result.updated) == ("complete", sum(changed.values()))
    for platform, count in changed.items():
        assert len(sandbox.call_log.matching(platform=platform)) <= math.ceil(count / FULL) + 2
    shown = sum(
        min(len(thread.history), 22) for thread in threads["instagram"]
    )  # 2 that were stored before and 20 new ones
    events = InteractionEvent.objects.filter(conversation__platform="instagram")
    assert events.count() == shown
    assert not page.threads.filter(state="owed").exists()


def test_splitting_a_first_sync_costs_few_calls(sync, page, world, shop, sandbox):
    sandbox.switches.updated_ms = "honoured"
    folders = dict.fromkeys(FOLDERS, "refused")
    page.capabilities = {"messenger": {"windows": True, "folders": folders, "most_conversations": 100}}
    page.save()
    now = world.clock.now()
    for number in range(700):
        world.add_conversation(shop, messages=1, updated_time=now - 600 * (number + 1))
    result = sync()
    assert (result.status, result.inserted) == ("complete", 700)
    assert len(sandbox.call_log) <= 7 + 3 + 1  # one reads the head again


def test_incremental_syncs_request_the_usual_size(sync, page, world, sandbox, inbox):
    Page.objects.update(capabilities={"messenger": {"windows": True, "most_conversations": 4 * FULL}})
    for thread in inbox[:50]:
        world.add_message(thread, "News")
    assert sync().status == "complete"
    assert {call.params["limit"] for call in sandbox.call_log.matching("/conversations")} == {str(FULL)}


def test_no_instagram_call_is_made_without_an_account(sync, world, sandbox, inbox):
    world.add_message(inbox[50], "News")
    sync()
    assert not sandbox.call_log.matching(platform="instagram")
    assert len(sandbox.call_log) == 1
