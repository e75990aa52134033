"""Staff ask for a sync and watch it, whoever asked."""

import re
import signal
import time

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.staticfiles import finders
from playwright.sync_api import expect

from conversations.locks import sync_lock
from conversations.models import SyncRun, Thread
from conversations.sandbox import faults
from conversations.sync import runs
from tests.factories import SyncRunFactory


@pytest.fixture
def inbox(world, shop, sandbox):
    """Five batches, one after the other; from the second on each takes two seconds while the fault lasts."""
    for _ in range(500):
        world.add_conversation(shop, messages=1)
    sandbox.faults.add(faults.slow(2), times=None, path="/conversations.*&after=")


@pytest.fixture(scope="module")
def at_the_door(chromium):
    """A tab with our scripts at hand, of the files themselves: no web process is needed."""
    tab = chromium.new_page()
    tab.route("http://inbox.test/**", serve_static)
    tab.goto("http://inbox.test/")
    yield tab
    tab.close()


def serve_static(route) -> None:
    found = finders.find(route.request.url.partition("/static/")[2] or "nothing")
    if found:
        route.fulfill(path=found, content_type="text/javascript")
    else:
        route.fulfill(body="<title>Door</title>", content_type="text/html")


def bar_at(tab) -> float:
    return tab.locator("progress").evaluate("bar => bar.position")


def is_under_way(tab) -> None:
    tab.wait_for_function("document.querySelector('progress')?.value > 0")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "syncing")


def test_sync_now_moves_the_bar_to_its_end_also_after_a_reload(log_in, inbox, sandbox):
    tab = log_in("manager")
    tab.get_by_role("link", name="Demo Shop").click()
    tab.get_by_role("button", name="Sync now").click()
    is_under_way(tab)
    tab.reload()
    is_under_way(tab)
    seen = int(tab.locator("[data-show=inserted]").inner_text().replace(",", ""))
    sandbox.faults.clear()
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
        counts_down = re.compile(r"^Waiting for Facebook, [1-3]\d s$")
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        expect(tab.get_by_text("Facebook asks us to slow down.")).to_have_count(0)  # why is for managers
        tab.reload()
        expect(tab.locator("[data-show=seconds]")).to_have_text(counts_down)
        assert bar_at(tab) == 0.3
        runs.finish(run, SyncRun.Status.ERROR, "A reason for managers.")
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", "error")
    expect(tab.get_by_text("A reason for managers.")).to_have_count(0)


# -- the page of a run -------------------------------------------------------------------------------------
def run_page(tab, run: SyncRun) -> None:
    tab.goto(f"/admin/conversations/syncrun/{run.pk}/change/")


def begun(process) -> SyncRun:
    """The run of a command, once something is stored."""
    for _ in range(600):
        if run := SyncRun.objects.filter(inserted__gt=0).first():
            return run
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)  # between two looks
    raise AssertionError("The command stores nothing.")


def is_at(tab, status: str) -> None:
    expect(tab.locator(".inbox-sync")).to_have_attribute("data-status", status, timeout=30_000)


def test_sync_of_the_command_line_is_watched_to_its_end_on_its_page(log_in, inbox, manage, sandbox):
    tab = log_in("viewer")
    process = manage.start("syncconversations")
    run_page(tab, run := begun(process))
    is_at(tab, "syncing")
    before = bar_at(tab)
    expect(tab.get_by_text(re.compile(r"\d+ conversations a second"))).to_be_visible()
    sandbox.faults.clear()
    is_at(tab, "complete")
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert 0 < before <= bar_at(tab) == 1
    # What the server alone can draw has come, too.
    expect(tab.get_by_text("500 conversations, 500 new", exact=True)).to_be_visible()
    expect(tab.get_by_role("img", name=re.compile("^Conversations: .* on average"))).to_be_visible()
    expect(tab.get_by_text("Facebook lists 500 threads")).to_be_visible()
    expect(tab.get_by_text("Ended", exact=True)).to_be_visible()
    expect(tab.get_by_role("status")).to_have_text("Sync: complete")
    assert tab.get_by_role("button", name="Run again").count() == 0
    assert "Takes so far" not in tab.content()
    assert run.pk == SyncRun.objects.get().pk
    # Nor does the list need to be loaded again.
    tab.goto("/admin/conversations/syncrun/")
    SyncRunFactory(page=run.page, status="error", error="A reason for managers.", mode="incremental")
    new = runs.queue_run(run.page, full=False, trigger="api")
    expect(tab.get_by_role("link", name=f"Run {new.pk}")).to_be_visible()
    expect(tab.locator(f"[data-run='{new.pk}'][data-show=status]")).to_have_text("Queued")
    runs.give_up(new, SyncRun.Status.CANCELLED, "A reason for managers.")
    expect(tab.locator(f"[data-run='{new.pk}'][data-show=status]")).to_have_text("Cancelled")
    assert "A reason for managers." not in tab.content()


def test_sync_of_the_command_line_is_cancelled_and_run_again_to_its_end(log_in, inbox, manage, sandbox):
    tab = log_in("manager")
    process = manage.start("syncconversations")
    run_page(tab, run := begun(process))
    tab.get_by_role("button", name="Cancel").press("Enter")
    is_at(tab, "cancelled")
    expect(tab.get_by_text("It was cancelled by anna-manager.").first).to_be_visible()
    _, said = process.communicate(timeout=30)
    assert (process.returncode, "cancelled" in said) == (1, True)
    run.refresh_from_db()
    kept = run.page.conversations.count()
    assert 0 < kept == run.inserted < 500
    sandbox.faults.clear()
    tab.get_by_role("button", name="Run again").click()
    is_at(tab, "complete")
    again = SyncRun.objects.latest("pk")
    assert f"/syncrun/{again.pk}/" in tab.url
    assert (again.mode, again.asked_by.username) == ("full", "anna-manager")
    assert run.page.conversations.count() == 500
    assert again.inserted == 500 - kept  # it went on from there


def test_page_outlives_the_web_process_and_shows_the_present_state_again(log_in, web, page, wrong):
    run = SyncRunFactory(page=page, status="syncing", ended_at=None, inserted=30, total=100)
    with sync_lock(page.pk):
        tab = log_in("viewer")
        run_page(tab, run)
        tab.evaluate("window.isTheSame = true")
        expect(tab.get_by_text("Reconnecting…")).to_be_hidden()
        web.stop(signal.SIGKILL)
        expect(tab.get_by_text("Reconnecting…")).to_be_visible()
        run.inserted = 60
        runs.save(run)
        runs.give_up(run, SyncRun.Status.ERROR, "A reason for managers.")
        newer = runs.queue_run(page, full=False, trigger="command")
        web.start()
        is_at(tab, "error")  # though the stream tells of the newer one alone
        expect(tab.get_by_text("Reconnecting…")).to_be_hidden()
        expect(tab.locator("[data-show=inserted]")).to_have_text("60")
        assert tab.evaluate("window.isTheSame")
        # A hidden tab has no stream, and one that is seen again has.
        for is_hidden, link in ((True, "asleep"), (False, "open")):
            tab.evaluate(
                "hidden => { Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});"
                " document.dispatchEvent(new Event('visibilitychange')); }",
                is_hidden,
            )
            expect(tab.locator("html")).to_have_attribute("data-link", link)
        runs.give_up(newer, SyncRun.Status.CANCELLED, "")
    assert not [said for said in wrong if "net::ERR_" not in said]  # what the browser itself says of it
    wrong.clear()


def test_pages_of_runs_are_accessible_and_fit_a_phone(log_in, page):
    samples = [[10 * n, 90 * n, 400 * n, 3 * n, 900] for n in range(10)]
    waits = [{"at": 20, "seconds": 9, "status": "waiting", "why": "Facebook says: " + "slow down " * 20}]
    Thread.objects.create(page=page, graph_id="t_" + "4" * 60, state="unreadable", reason="Gone")
    run = SyncRunFactory(page=page, inserted=800, skipped=10, total=810, samples=samples, waits=waits)
    tab = log_in("manager", viewport={"width": 360, "height": 800})
    for address in (f"syncrun/{run.pk}/change/", "syncrun/", f"page/{page.pk}/change/"):
        for scheme in ("light", "dark"):
            tab.emulate_media(color_scheme=scheme)
            tab.goto(f"/admin/conversations/{address}")
            expect(tab.locator("html")).to_have_attribute("data-link", "open")
            assert tab.evaluate("document.documentElement.scrollWidth") <= 360
            found = Axe().run(tab).response["violations"]
            assert not [fault for fault in found if fault["impact"] in ("serious", "critical")]


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ([100, 2000], [1100, 2000], "about 9 s left, 100 conversations a second"),
        ([100, 90_000], [1100, 90_000], "about 15 min left, 100 conversations a second"),
        ([100, 200], [1100, 1200], "100 conversations a second"),  # nobody knows how many there are
        ([0, 20], [2, 20], "about 2 min left, 12 conversations a minute"),
        ([5, 20], [5, 20], ""),
    ],
)
def test_time_left_is_told_where_the_number_is_known(at_the_door, before, now, words):
    said = at_the_door.evaluate(
        "async ([[was, total], [synced, newTotal]]) => {"
        " const { Pace } = await import('/static/conversations/words.js'); const pace = new Pace();"
        " pace.add({ synced: was, skipped: 0, total }, 0);"
        " pace.add({ synced, skipped: 0, total: newTotal }, 10000); return pace.words; }",
        [before, now],
    )
    assert said == words
