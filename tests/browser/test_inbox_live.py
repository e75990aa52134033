"""The inbox page: syncs, and what happens elsewhere."""

import re

import pytest
from playwright.sync_api import expect

from conversations.locks import sync_lock
from conversations.models import SyncRun
from conversations.sandbox import faults
from conversations.sync import runs
from conversations.tagging import tag_conversations
from tests.factories import ConversationFactory, TagFactory

HIDE = """visibility => {
  Object.defineProperty(document, "visibilityState", { value: visibility, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def inbox(world, shop, sandbox):
    """Five batches, one after the other; from the second on each takes two seconds, until faults are cleared.

    One is unreadable.
    """
    silent = world.add_conversation(shop, messages=150)
    world.poison(silent, 100, "Unsupported get request.", subcode=33, status=400)
    for _ in range(500):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.slow(2), times=None, path="/conversations.*&after=")


def test_sync_is_seen_to_its_end_also_after_a_reload_and_by_who_comes_later(log_in, inbox, sandbox):
    tab = log_in("manager", "/")
    expect(tab.get_by_text("Bring in everything that customers ever wrote.")).to_be_visible()
    tab.get_by_role("button", name="Sync Demo Shop").click()
    bar = tab.get_by_role("progressbar")
    expect(tab.locator("#rows li").first).to_be_visible()  # the first batch is there before the end
    expect(tab.locator(".sync")).to_contain_text(re.compile(r"Syncing · [1-4]00 so far"))
    tab.reload()
    expect(bar).to_be_visible()
    expect(tab.locator(".sync")).to_contain_text(re.compile(r"\d a second · [2-5]00 new messages"))
    sandbox.faults.clear()
    expect(bar).to_have_count(0, timeout=30_000)
    expect(tab.locator("#toasts")).to_contain_text("All done: 500 of 501 conversations")
    expect(tab.locator("#total")).to_have_text(re.compile("^50[01]$"))
    tab.get_by_role("button", name="What came of it").click()
    expect(tab.locator(".outcome")).to_contain_text("500 conversations: 500 new.")
    expect(tab.locator(".outcome")).to_contain_text("1 thread skipped: Facebook does not let us read it.")
    expect(tab.locator(".outcome li")).to_have_text(re.compile("^1 . Cannot be read: ."))
    assert SyncRun.objects.get().trigger == "api"


def test_waits_and_failures_of_a_sync_are_told_to_each_as_far_as_they_may_know(log_in, page):
    ConversationFactory(page=page)
    manager, viewer = log_in("manager", "/"), log_in("viewer", "/")
    for tab in (manager, viewer):
        expect(tab.get_by_text("Never synced")).to_be_visible()
    with sync_lock(page.pk):  # else a worker would take it over
        run = runs.open_run(page, full=True, trigger="command")
        run.inserted, run.skipped, run.total = 30, 2, 100
        runs.pause(run, SyncRun.Status.WAITING, "Facebook asks us to slow down.", 40)
        for tab in (manager, viewer):
            expect(tab.locator(".sync")).to_contain_text(
                re.compile(r"Waiting for Facebook · 32 of 100Goes on in [1-4]\d s")
            )
        expect(manager.locator(".sync")).to_contain_text("Facebook asks us to slow down.")
        expect(viewer.locator(".sync")).not_to_contain_text("slow down")
        expect(viewer.get_by_role("progressbar")).to_have_attribute("value", "32")
        expect(viewer.get_by_role("button", name="Stop")).to_have_count(0)
        runs.finish(run, SyncRun.Status.ERROR, "A reason for managers.")
    expect(manager.locator(".sync")).to_contain_text("Failed. A reason for managers.")
    expect(viewer.locator(".sync")).to_contain_text("Failed. It failed.")
    viewer.get_by_role("button", name="What came of it").click()
    expect(viewer.locator(".outcome")).to_contain_text("2 threads skipped")
    expect(viewer.locator(".outcome")).not_to_contain_text("A reason for managers.")


def test_one_stream_serves_all_tabs_and_hidden_ones_let_it_go(log_in, page):
    row, tag = ConversationFactory(page=page), TagFactory(name="VIP")
    first = log_in("viewer", "/")
    expect(first.locator("#total")).to_have_text("1")
    streams: list = []
    first.context.on(
        "request", lambda sent: streams.append(sent.url) if sent.url.endswith("/api/events") else None
    )
    others = [first.context.new_page() for _ in range(7)]  # more than a browser has connections for
    for tab in others:
        tab.goto("/")
        expect(tab.locator("#total")).to_have_text("1")
    assert streams == []  # the first one's serves them
    tag_conversations([row.pk], [tag], actor=None)
    for tab in (first, *others):
        expect(tab.locator("#rows .tag")).to_have_text("VIP")

    last = others.pop()
    with last.expect_response("**/api/events"):
        for tab in (*others, first):
            tab.evaluate(HIDE, "hidden")
    assert len(streams) == 1  # it went to the tab that is in sight
    last.evaluate(HIDE, "hidden")
    run = runs.open_run(page, full=True, trigger="command")
    runs.finish(run, SyncRun.Status.ERROR, "A reason.")
    assert len(streams) == 1
    last.evaluate(HIDE, "visible")
    expect(last.locator(".sync")).to_contain_text("Failed")  # caught up with what it missed
    assert len(streams) == 2


def test_a_stream_that_broke_is_opened_again_and_what_was_missed_is_read(log_in, page, web, wrong):
    tab = log_in("viewer", "/")
    expect(tab.get_by_text("No conversations yet")).to_be_visible()
    web.stop()
    expect(tab.get_by_text("The connection for news is lost")).to_be_visible()
    ConversationFactory(page=page)
    web.start()
    expect(tab.locator("#total")).to_have_text("1")
    expect(tab.get_by_text("The connection for news is lost")).to_be_hidden()
    wrong.clear()
