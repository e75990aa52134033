"""The inbox page: syncs, and live updates."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.lib.locks import sync_lock
from conversations.lib.notify import notify_conversations
from conversations.models import Conversation, SyncRun
from conversations.sandbox import faults
from conversations.sync import run_lifecycle
from tags.models import change_tag
from tests.conversations.webhooks.deliveries import ANA, NOON, deliver, item, message
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


def test_one_stream_serves_all_tabs_and_a_visible_tab_has_it(log_in, page):
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
    taken = len(streams)  # the visible tab took over, perhaps from one that was hidden a moment later
    last.evaluate(HIDE, "hidden")
    with sync_lock(page.pk):  # or a worker would take over the run
        run = run_lifecycle.open_run(page, full=True, trigger="command")
        run_lifecycle.finish(run, SyncRun.Status.ERROR, "A reason.")
    Conversation.objects.update(unread_count=1)
    notify_conversations(page.pk, [row.pk])
    expect(last).to_have_title(re.compile(r"^\(1\) "))  # a hidden tab hears of it, and draws nothing else
    expect(last.locator(".sync")).not_to_contain_text("Failed")
    last.evaluate(HIDE, "visible")
    expect(last.locator(".sync")).to_contain_text("Failed")  # it caught up
    assert len(streams) == taken  # it kept the stream


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


EARLIER = datetime(2026, 11, 1, tzinfo=UTC)
REFERRAL = {
    "source": "ADS",
    "type": "OPEN_THREAD",
    "ad_id": "2385",
    "ads_context_data": {"ad_title": "Sale"},
}
# Instead of the browser's own, which headless browsers do not show.
NOTE = """
  window.notes = [];
  window.Notification = class extends EventTarget {
    static permission = "default";
    static async requestPermission() { return (this.permission = "granted"); }
    constructor(title, { body, tag }) { super(); window.notes.push([title, body, tag]); }
    close() {}
  };
"""


@pytest.fixture
def shown(log_in, page):
    """The list of open conversations: 40 buyers, and Ana at its end. It is loaded, and the stream is open."""
    for number in range(40):
        ConversationFactory(page=page, sender_name=f"Buyer {number}", last_message_time=EARLIER)
    long_ago = EARLIER - timedelta(days=1)
    ConversationFactory(page=page, sender_name="Ana", sender_id=ANA, last_message_time=long_ago)
    tab = log_in("tagger", "/account/keys")
    tab.add_init_script(NOTE)
    with tab.expect_response(re.compile("limit=100")):  # loaded again when the stream has opened
        tab.goto("/?status=active&snoozed=false")
    expect(tab.locator("#total")).to_have_text("41")
    return tab


def test_list_follows_webhooks_and_keeps_scroll_focus_and_selection(shown, page):
    tab, loaded = shown, []
    tab.evaluate("document.getElementById('scroller').scrollTop = 88 * 20")
    buyer = tab.get_by_role("link", name=re.compile("^Buyer 15 "))
    buyer.focus()
    tab.keyboard.press("x")
    before = tab.evaluate("scroller.scrollTop")
    tab.on("request", lambda sent: loaded.append(sent.url) if "/api/conversations?" in sent.url else None)

    deliver(message("m_1", "Good morning"))  # Ana comes to the top
    tab.wait_for_function("top => scroller.scrollTop === top", arg=before + 88)
    expect(tab).to_have_title(re.compile(r"^\(1\) Open "))
    expect(tab.get_by_role("link", name="Unread 1")).to_be_visible()
    done = Conversation.objects.filter(sender_name__in=["Buyer 30", "Buyer 31"])
    set_status(list(done.values_list("pk", flat=True)), "done", actor=None)  # no longer in this list
    tab.wait_for_function("top => scroller.scrollTop === top", arg=before - 88)
    expect(buyer).to_be_focused()
    expect(tab.get_by_text("1 selected")).to_be_visible()
    queries = [parse_qs(urlsplit(url).query) for url in loaded]
    assert queries
    assert [query for query in queries if "ids" not in query and query["limit"] != ["1"]] == []
    # A job asks for the name of a new person: the answer may change the Page, and all is loaded again.
    deliver(item("message", {"mid": "m_2", "text": "New here"}, person="7000000000000002"))
    tab.wait_for_function("top => scroller.scrollTop === top", arg=before)
    expect(tab.locator("#total")).to_have_text("40")


def test_open_conversation_shows_what_webhooks_tell(shown, page):
    tab = shown
    deliver(message("m_1", "Good morning"))
    tab.get_by_role("link", name=re.compile("^Ana ")).click()
    messages = tab.locator("#events")
    expect(messages).to_contain_text("Good morning")
    deliver(message("m_2", "It is still there", ms=NOON + 1000, from_page=True))
    sent = tab.locator(".message.right")
    expect(sent).to_contain_text("It is still there")
    deliver(item("delivery", {"watermark": NOON + 2000}, ms=NOON + 2000))
    expect(sent).to_contain_text("Delivered")
    deliver(item("read", {"watermark": NOON + 2000}, ms=NOON + 3000))
    expect(sent).to_contain_text("Seen")
    deliver(
        item("message_edit", {"mid": "m_1", "text": "Good evening", "num_edit": 1}, ms=NOON + 3000),
        item("reaction", {"mid": "m_2", "action": "react", "reaction": "love", "emoji": "❤"}, ms=NOON + 3000),
        message("m_3", "How much is it?", ms=NOON + 4000, reply_to={"mid": "m_2"}),
        item("referral", REFERRAL, ms=NOON + 4000),
    )
    expect(tab.locator(".message.left").first).to_contain_text(re.compile("Good evening.*edited"))
    expect(sent).to_contain_text("❤")
    expect(tab.locator(".message.left .quote")).to_have_text("It is still there")
    deliver(item("message", {"mid": "m_3", "is_deleted": True}, ms=NOON + 5000))
    expect(messages).to_contain_text("Message was unsent")
    expect(messages).not_to_contain_text("How much")

    tab.get_by_role("button", name="Turn on notifications").click()
    expect(tab.get_by_role("button", name="Turn off notifications")).to_be_visible()
    deliver(message("m_4", "Are you there?", ms=NOON + 6000))
    expect(messages).to_contain_text("Are you there?")
    assert tab.evaluate("notes") == []  # the user is here
    tab.evaluate("document.hasFocus = () => false")
    deliver(message("m_5", "A secret", ms=NOON + 7000))
    tab.wait_for_function("() => notes.length > 0")
    ana = Conversation.objects.get(sender_id=ANA)
    assert tab.evaluate("notes") == [["Ana", "New message to Demo Shop", f"inbox-{ana.pk}"]]

    tab.get_by_role("link", name="Came by ad “Sale”").click()
    expect(tab.locator("#total")).to_have_text("1")
    expect(tab.locator("#chips")).to_contain_text("Ad 2385")
