"""The inbox page: syncs, and live updates."""

import re

import pytest
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.lib.locks import sync_lock
from conversations.models import SyncRun
from conversations.sandbox import faults
from conversations.sync import run_lifecycle
from tags.models import change_tag
from tests.factories import ConversationFactory, TagFactory, api, superuser
from tests.machine import pause

HIDE = """visibility => {
  Object.defineProperty(document, "visibilityState", { value: visibility, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def inbox(world, shop, sandbox):
    """Five batches, one after the other, with one unreadable conversation.

    From the second on, each batch takes four seconds, up to three times that on a busy machine, until the
    faults are cleared.
    """
    unreadable = world.add_conversation(shop, messages=150)
    world.poison(unreadable, 100, "Unsupported get request.", subcode=33, status=400)
    for _ in range(500):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.slow(pause(4, maximum=12)), times=None, path="/conversations.*&after=")


def test_progress_of_a_sync_is_shown_until_its_end_and_after_a_reload(log_in, inbox, sandbox):
    tab = log_in("manager", "/")
    expect(tab.get_by_text("Sync the Page to import all its conversations.")).to_be_visible()
    tab.get_by_role("button", name="Sync Demo Shop").click()
    bar = tab.get_by_role("progressbar")
    expect(tab.locator("#rows li").first).to_be_visible()  # the first batch is shown before the end
    expect(tab.locator(".sync")).to_contain_text(re.compile(r"Syncing · [1-4]00 so far"))
    tab.reload()
    expect(bar).to_be_visible()
    expect(tab.locator(".sync")).to_contain_text(
        re.compile(r"\d conversations per second · .*[2-5]00 new messages")
    )
    sandbox.faults.clear()
    expect(bar).to_have_count(0, timeout=90_000)
    expect(tab.locator("#toasts")).to_contain_text("Synced: 500 new messages, 1 skipped.")
    expect(tab.locator("#total")).to_have_text(re.compile("^50[01]$"))
    tab.get_by_role("button", name="Last sync details").click()
    expect(tab.locator(".summary")).to_contain_text("500 conversations: 500 new.")
    expect(tab.locator(".summary")).to_contain_text("1 conversation skipped: Facebook doesn't allow access.")
    expect(tab.locator(".summary li")).to_have_text(re.compile("^1 . Unreadable: ."))
    assert SyncRun.objects.get().trigger == "api"


def test_reasons_of_waits_and_failures_are_shown_to_managers_only(log_in, page):
    ConversationFactory(page=page)
    manager, viewer = log_in("manager", "/"), log_in("viewer", "/")
    for tab in (manager, viewer):
        expect(tab.get_by_text("Never synced")).to_be_visible()
    with sync_lock(page.pk):  # or a worker would take over the run
        run = run_lifecycle.open_run(page, full=True, trigger="command")
        run.inserted, run.skipped, run.total = 30, 2, 100
        run_lifecycle.pause(run, SyncRun.Status.WAITING, "Facebook asks us to slow down.", 40)
        for tab in (manager, viewer):
            expect(tab.locator(".sync")).to_contain_text(
                re.compile(r"Waiting · 32 of 100Resumes in [1-4]?\d s")
            )
        expect(manager.locator(".sync")).to_contain_text("Facebook asks us to slow down.")
        expect(viewer.locator(".sync")).not_to_contain_text("slow down")
        expect(viewer.get_by_role("progressbar")).to_have_attribute("value", "32")
        expect(viewer.get_by_role("button", name="Cancel sync")).to_have_count(0)
        run_lifecycle.finish(run, SyncRun.Status.ERROR, "A reason for managers.")
    expect(manager.locator(".sync")).to_contain_text("Failed. A reason for managers.")
    expect(viewer.locator(".sync")).to_contain_text("Failed. The sync failed.")
    viewer.get_by_role("button", name="Last sync details").click()
    expect(viewer.locator(".summary")).to_contain_text("2 conversations skipped")
    expect(viewer.locator(".summary")).not_to_contain_text("A reason for managers.")


def test_one_stream_serves_all_tabs_and_hidden_tabs_close_it(log_in, page):
    row, tag = ConversationFactory(page=page), TagFactory(name="VIP")
    first = log_in("viewer", "/")
    expect(first.locator("#total")).to_have_text("1")
    streams: list = []
    first.context.on(
        "request", lambda sent: streams.append(sent.url) if sent.url.endswith("/api/events") else None
    )
    others = [first.context.new_page() for _ in range(7)]  # more than the connections of a browser
    for tab in others:
        tab.goto("/")
        expect(tab.locator("#total")).to_have_text("1")
    assert streams == []  # the first tab's stream serves them
    tag_conversations([row.pk], [tag], actor=None)
    for tab in (first, *others):
        expect(tab.locator("#rows .tag")).to_have_text("VIP")
    change_tag(tag, name="Gold")
    api(superuser()).post("/api/views", {"name": "Late ones", "shared": True}, format="json")
    for tab in (first, others[0]):
        expect(tab.locator("#tags")).to_contain_text("Gold")
        expect(tab.locator("#rows .tag")).to_have_text("Gold")
        expect(tab.locator("#saved")).to_contain_text("Late ones")

    last = others.pop()
    with last.expect_response("**/api/events"):
        for tab in (*others, first):
            tab.evaluate(HIDE, "hidden")
    assert len(streams) == 1  # the visible tab took over
    last.evaluate(HIDE, "hidden")
    run = run_lifecycle.open_run(page, full=True, trigger="command")
    run_lifecycle.finish(run, SyncRun.Status.ERROR, "A reason.")
    assert len(streams) == 1
    last.evaluate(HIDE, "visible")
    expect(last.locator(".sync")).to_contain_text("Failed")  # it caught up
    assert len(streams) == 2


def test_lost_stream_is_reopened_and_missed_changes_are_loaded(log_in, page, web, wrong):
    tab = log_in("viewer", "/")
    expect(tab.get_by_text("No conversations yet")).to_be_visible()
    web.stop()
    expect(tab.get_by_text("Live updates disconnected.")).to_be_visible()
    ConversationFactory(page=page)
    web.start()
    expect(tab.locator("#total")).to_have_text("1")
    expect(tab.get_by_text("Live updates disconnected.")).to_be_hidden()
    wrong.clear()
