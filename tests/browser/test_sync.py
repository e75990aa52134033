"""Staff start syncs and watch their progress, whoever started them."""

import re
import signal
import time

import pytest
from playwright.sync_api import expect

from conversations.lib.locks import sync_lock
from conversations.models import SyncRun, Thread
from conversations.sandbox import faults
from conversations.sync import run_lifecycle
from tests.browser.accessibility import load_axe, serious_violations
from tests.factories import SyncRunFactory
from tests.machine import pause


@pytest.fixture
def inbox(world, shop, sandbox):
    """500 conversations in five batches. All but the first take four seconds until the fault is removed.

    Up to three times that on a busy machine, where the browser needs longer to see what is under way.
    """
    for _ in range(500):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.slow(pause(4, maximum=12)), times=None, path="/conversations.*&after=")


def bar_position(tab) -> float:
    return tab.locator("progress").evaluate("bar => bar.position")


def expect_progress(tab) -> None:
    tab.wait_for_function("document.querySelector('progress')?.value > 0")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "syncing")


def test_sync_now_moves_the_bar_to_its_end_even_after_a_reload(log_in, inbox, sandbox):
    tab = log_in("manager")
    tab.get_by_role("link", name="Demo Shop").click()
    tab.get_by_role("button", name="Sync now").click()
    expect_progress(tab)
    tab.reload()
    expect_progress(tab)
    inserted = int(tab.locator("[data-show=inserted]").inner_text().replace(",", ""))
    sandbox.faults.clear()
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "complete", timeout=90_000)
    expect(tab.get_by_text("Synced: 500 new messages.")).to_be_visible()
    assert bar_position(tab) == 1
    assert 0 < inserted <= 500
    assert SyncRun.objects.get().trigger == "admin"


def test_sync_of_another_process_is_shown_with_waits_and_end(log_in, page):
    tab = log_in("viewer")
    expect(tab.get_by_text("Never synced.")).to_be_visible()
    with sync_lock(page.pk):  # else a worker would take over the run
        run = run_lifecycle.open_run(page, full=True, trigger="command")
        expect(tab.get_by_text("Fetching conversations from Facebook.")).to_be_visible()
        run.inserted, run.total = 30, 100
        run_lifecycle.pause(run, SyncRun.Status.WAITING, "Facebook asks us to slow down.", 40)
        counts_down = re.compile(r"^Resumes in [1-3]?\d s$")
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        expect(tab.get_by_text("Facebook asks us to slow down.")).to_have_count(0)  # only managers see why
        tab.reload()
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        assert bar_position(tab) == 0.3
        run_lifecycle.finish(run, SyncRun.Status.ERROR, "A reason for managers.")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "error")
    expect(tab.get_by_text("A reason for managers.")).to_have_count(0)


# -- the page of a run -------------------------------------------------------------------------------------
def open_run(tab, run: SyncRun) -> None:
    tab.goto(f"/admin/conversations/syncrun/{run.pk}/change/")


def started_run(process) -> SyncRun:
    """Return the run of the command once it has stored something."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if run := SyncRun.objects.filter(inserted__gt=0).first():
            return run
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    raise AssertionError("The command stored nothing.")


def expect_status(tab, status: str) -> None:
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", status, timeout=90_000)


def test_page_of_a_run_follows_the_command_line_to_the_end(log_in, inbox, manage, sandbox):
    tab = log_in("viewer")
    process = manage.start("syncconversations")
    open_run(tab, run := started_run(process))
    expect_status(tab, "syncing")
    before = bar_position(tab)
    expect(tab.get_by_text(re.compile(r"\d+ conversations per second"))).to_be_visible()
    sandbox.faults.clear()
    expect_status(tab, "complete")
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert 0 < before <= bar_position(tab) == 1
    # The parts that only the server renders were loaded, too.
    expect(tab.get_by_text("500 conversations, 500 new", exact=True)).to_be_visible()
    expect(tab.get_by_role("img", name=re.compile("^Conversations: .* on average"))).to_be_visible()
    expect(tab.get_by_text("Facebook lists 500 threads")).to_be_visible()
    expect(tab.get_by_text("Ended", exact=True)).to_be_visible()
    expect(tab.locator("[data-show=announcement]")).to_have_text("Sync: complete")
    assert tab.get_by_role("button", name="Run again").count() == 0
    assert "Duration so far" not in tab.content()
    assert run.pk == SyncRun.objects.get().pk
    # The list is updated without a reload, too.
    tab.goto("/admin/conversations/syncrun/")
    SyncRunFactory(page=run.page, status="error", error="A reason for managers.", mode="incremental")
    with sync_lock(run.page_id):  # else a worker would execute the run
        new = run_lifecycle.queue_run(run.page, full=False, trigger="api")
        expect(tab.get_by_role("link", name=f"Run {new.pk}")).to_be_visible()
        expect(tab.locator(f"[data-run='{new.pk}'][data-show=status]")).to_have_text("Queued")
        run_lifecycle.finish_if_open(new, SyncRun.Status.CANCELLED, "A reason for managers.")
        expect(tab.locator(f"[data-run='{new.pk}'][data-show=status]")).to_have_text("Cancelled")
    assert "A reason for managers." not in tab.content()


def test_run_of_the_command_line_is_cancelled_and_run_again(log_in, inbox, manage, sandbox):
    tab = log_in("manager")
    process = manage.start("syncconversations")
    open_run(tab, run := started_run(process))
    tab.get_by_role("button", name="Cancel").press("Enter")
    expect_status(tab, "cancelled")
    expect(tab.get_by_text("The sync was cancelled by anna-manager.").first).to_be_visible()
    _, errors = process.communicate(timeout=120)
    assert (process.returncode, "cancelled" in errors) == (1, True)
    run.refresh_from_db()
    stored = run.page.conversations.count()
    assert 0 < stored == run.inserted < 500
    sandbox.faults.clear()
    tab.get_by_role("button", name="Run again").click()
    expect_status(tab, "complete")
    again = SyncRun.objects.latest("pk")
    assert f"/syncrun/{again.pk}/" in tab.url
    assert (again.mode, again.asked_by.username) == ("full", "anna-manager")
    assert run.page.conversations.count() == 500
    assert again.inserted == 500 - stored  # the run continued from there


def test_page_reconnects_after_a_restart_of_the_web_process(log_in, web, page, wrong):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None, inserted=30, total=100)
    with sync_lock(page.pk):
        tab = log_in("viewer")
        open_run(tab, run)
        tab.evaluate("window.isSamePage = true")
        expect(tab.get_by_text("Reconnecting…")).to_be_hidden()
        web.stop(signal.SIGKILL)
        expect(tab.get_by_text("Reconnecting…")).to_be_visible()
        run.inserted = 60
        run_lifecycle.save(run)
        run_lifecycle.finish_if_open(run, SyncRun.Status.ERROR, "A reason for managers.")
        newer = run_lifecycle.queue_run(page, full=False, trigger="command")
        web.start()
        expect_status(tab, "error")  # though the stream sends only the newer run
        expect(tab.get_by_text("Reconnecting…")).to_be_hidden()
        expect(tab.locator("[data-show=inserted]")).to_have_text("60")
        assert tab.evaluate("window.isSamePage")
        run_lifecycle.finish_if_open(newer, SyncRun.Status.CANCELLED, "")
    assert not [one for one in wrong if "net::ERR_" not in one]  # messages of the browser itself
    wrong.clear()


def test_pages_of_runs_are_accessible_and_fit_a_phone(log_in, page):
    samples = [[10 * n, 90 * n, 400 * n, 3 * n, 900] for n in range(10)]
    waits = [{"at": 20, "seconds": 9, "status": "waiting", "why": "Facebook says: " + "slow down " * 20}]
    Thread.objects.create(page=page, graph_id="t_" + "4" * 60, state="unreadable", reason="Gone")
    run = SyncRunFactory(page=page, inserted=800, skipped=10, total=810, samples=samples, waits=waits)
    tab = log_in("manager", viewport={"width": 360, "height": 800})
    for path in (f"syncrun/{run.pk}/change/", "syncrun/", f"page/{page.pk}/change/"):
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            tab.goto(f"/admin/conversations/{path}")
            expect(tab.locator("html")).to_have_attribute("data-connection", "open")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 360
            load_axe(tab)
            assert serious_violations(tab) == []
