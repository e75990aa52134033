"""Staff ask for a sync and watch it, whoever asked."""

import re

import pytest
from playwright.sync_api import expect

from conversations.locks import sync_lock
from conversations.models import SyncRun
from conversations.sandbox import faults
from conversations.sync import runs


@pytest.fixture
def inbox(world, shop, sandbox):
    """Five batches, one after the other; from the second on each takes two seconds."""
    for _ in range(500):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.slow(2), times=None, path="/conversations.*&after=")


def bar_at(tab) -> float:
    return tab.locator("progress").evaluate("bar => bar.position")


def is_under_way(tab) -> None:
    tab.wait_for_function("document.querySelector('progress')?.value > 0")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "syncing")


def test_sync_now_moves_the_bar_to_its_end_also_after_a_reload(log_in, inbox):
    tab = log_in("manager")
    tab.get_by_role("link", name="Demo Shop").click()
    tab.get_by_role("button", name="Sync now").click()
    is_under_way(tab)
    tab.reload()
    is_under_way(tab)
    seen = int(tab.locator("[data-show=inserted]").inner_text().replace(",", ""))
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "complete", timeout=30_000)
    expect(tab.get_by_text("All done: 500 of 500 conversations, 500 new messages.")).to_be_visible()
    assert bar_at(tab) == 1
    assert 0 < seen <= 500
    assert SyncRun.objects.get().trigger == "admin"


def test_a_sync_that_runs_elsewhere_is_seen_with_its_waits_and_its_end(log_in, page):
    tab = log_in("viewer")
    expect(tab.get_by_text("Never synced.")).to_be_visible()
    with sync_lock(page.pk):  # else a worker would take it over
        run = runs.open_run(page, full=True, trigger="command")
        expect(tab.get_by_text("Asking Facebook for conversations.")).to_be_visible()
        run.inserted, run.total = 30, 100
        runs.pause(run, SyncRun.Status.WAITING, "Facebook asks us to slow down.", 40)
        counts_down = re.compile(r"^Waiting for Facebook, 3\d s$")
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        expect(tab.get_by_text("Facebook asks us to slow down.")).to_have_count(0)  # why is for managers
        tab.reload()
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        assert bar_at(tab) == 0.3
        runs.finish(run, SyncRun.Status.ERROR, "A reason for managers.")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "error")
    expect(tab.get_by_text("A reason for managers.")).to_have_count(0)
