"""The inbox page: what comes late, twice, broken or not at all, and what is done in the meantime."""

import re

from playwright.sync_api import expect

from conversations.locks import sync_lock
from conversations.models import Conversation, SyncRun
from conversations.sync import runs
from conversations.tagging import tag_conversations
from tests.browser.test_inbox import orders, pick, tagged, total  # noqa: F401 - a fixture
from tests.browser.test_inbox_live import HIDE
from tests.factories import ConversationFactory, TagFactory

FURTHER = re.compile("limit=100")  # by cursor, or a reading anew that would bring them as well
LIST = re.compile(r"/api/conversations\?")
CONNECTED = """async () => {
  const page = await import("/static/inbox/app/state.mjs");
  while (!page.state.isConnected) await new Promise(requestAnimationFrame);
}"""
HEAR = """async (id) => {
  const { hear } = await import("/static/inbox/app/syncing.mjs");
  const { state } = await import("/static/inbox/app/state.mjs");
  hear({ ...state.runs[id], synced: 77 });
  await new Promise((done) => setTimeout(done));
}"""
SLOW_READER = """async () => {
  const { stale, whenStale } = await import("/static/inbox/app/changes.mjs");
  window.told = [];
  whenStale(async () => {
    told.push("begins");
    if (told.length === 1) stale({ atOnce: true });
    await new Promise((done) => setTimeout(done, 1000));
    told.push("ends");
  });
  stale({ atOnce: true });
}"""


def test_a_status_is_taken_back_where_it_was_refused_and_undone_where_it_was_changed(log_in, page, wrong):
    done = ConversationFactory(page=page, conversation_status="done")
    ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/")
    total(tab, "3")
    for _ in range(3):
        tab.keyboard.press("j")
        tab.keyboard.press("x")
    tab.get_by_label("What is selected").get_by_role("button", name="Done").click()
    expect(tab.get_by_text("Marked as done: 2 conversations.")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Restored 2 conversations.")).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(1)
    assert Conversation.objects.get(conversation_status="done") == done

    tab.route(re.compile("/api/conversations"), lambda route: route.abort())
    tab.keyboard.press("j")
    tab.keyboard.press("x")
    tab.keyboard.press("k")
    tab.keyboard.press("x")
    selected = tab.get_by_label("What is selected")
    selected.get_by_role("button", name=re.compile("^(Done|Active)$")).click()
    expect(tab.get_by_text("The server cannot be reached.").last).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(1)  # which was done before
    expect(selected.get_by_text("2 selected")).to_be_visible()  # to try again
    wrong.clear()


def test_all_that_match_are_those_that_were_confirmed_also_after_a_step_back(log_in, orders):  # noqa: F811 - a fixture, imported
    tab = log_in("tagger", "/")
    tab.get_by_role("button", name=re.compile("^Order, 60 conversations")).click()
    total(tab, "60")
    tab.get_by_role("checkbox", name="Select Buyer 59").check(force=True)
    tab.get_by_role("button", name="Select all 60 conversations").click()
    tab.get_by_role("button", name="Tag", exact=True).click()
    pick(tab, "VIP")
    expect(tab.get_by_role("button", name="Tag 60")).to_be_visible()
    tab.go_back()
    total(tab, "65")
    tab.get_by_role("button", name="Tag 60").click()
    expect(tab.get_by_text("VIP: Tagged 60 conversations.")).to_be_visible()
    assert tagged("VIP") == set(orders)


def test_what_is_typed_after_a_step_back_is_a_step_and_what_was_found_is_whole(log_in, orders):  # noqa: F811 - a fixture, imported
    said = "A whole sentence of more than two dozen letters"
    Conversation.objects.filter(pk=orders[0]).update(last_message=said, search=said.casefold())
    tab = log_in("tagger", "/")
    search = tab.get_by_label("Search", exact=True)
    search.press_sequentially("buyer 5")
    total(tab, "11")
    tab.go_back()
    total(tab, "65")
    search.press_sequentially("guest")
    total(tab, "5")
    tab.go_back()
    total(tab, "65")
    search.fill(said)
    expect(tab.locator("#rows mark")).to_have_text(said)


def test_an_error_of_further_rows_leaves_with_their_filter_and_broken_answers_are_told(log_in, orders, wrong):  # noqa: F811 - a fixture, imported
    tab = log_in("tagger", "/?status=done")
    expect(tab.get_by_text("Nothing matches")).to_be_visible()
    tab.route(FURTHER, lambda route: route.abort())
    tab.get_by_role("link", name=re.compile("^All")).click()
    total(tab, "65")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 4000")
    expect(tab.locator("#foot")).to_contain_text("The server cannot be reached.")
    tab.unroute(FURTHER)
    tab.get_by_role("button", name=re.compile("^Order, 60 conversations")).click()
    expect(tab.locator("#foot")).to_have_text("That is all.")

    tab.route(LIST, lambda route: route.fulfill(body='{"conversations": ['))
    tab.get_by_role("link", name=re.compile("^To do")).click()
    expect(tab.get_by_text("The answer is not one of this server")).to_be_visible()
    expect(tab.locator("#rows li")).to_have_count(0)
    tab.unroute(LIST)
    tab.get_by_role("button", name="Try again").click()
    total(tab, "65")

    tab.route("**/later/help.mjs", lambda route: route.abort())
    tab.get_by_role("button", name="Keys").click()
    expect(tab.get_by_text("A part of this page could not be loaded.")).to_be_visible()
    wrong.clear()


def test_readings_follow_one_another_and_leave_what_somebody_is_at(log_in, page):
    rows = ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/?status=active")
    total(tab, "2")
    tab.evaluate(SLOW_READER)
    tab.wait_for_function("() => told.length === 4")
    assert tab.evaluate("told") == ["begins", "ends"] * 2

    tab.get_by_role("button", name="More filters").click()
    tab.get_by_label("From").focus()
    tab.evaluate("window.field = document.activeElement; window.line = document.querySelector('#rows li')")
    ConversationFactory(page=page)
    tag_conversations([rows[0].pk], [TagFactory(name="VIP")], actor=None)
    expect(tab.locator("#pages .count")).to_have_text("3")
    total(tab, "3")
    assert tab.evaluate("field.isConnected && line.isConnected")  # not drawn anew

    tab.get_by_label("From").blur()
    tab.keyboard.press("k")
    tab.keyboard.press("e")
    total(tab, "2")
    expect(tab.locator('#rows a[tabindex="0"]')).to_have_count(1)  # the row left, Tab still leads in


def test_a_hidden_tab_asks_nothing_until_it_is_looked_at(log_in, page):
    row, tag = ConversationFactory(page=page), TagFactory(name="VIP")
    tab = log_in("viewer", "/")
    expect(tab.locator("#total")).to_have_text("1")
    tab.evaluate(CONNECTED)
    other = tab.context.new_page()
    other.goto("/")
    expect(other.locator("#total")).to_have_text("1")
    other.wait_for_load_state("networkidle")
    other.evaluate(HIDE, "hidden")
    asked: list[str] = []
    other.on("request", lambda sent: asked.append(sent.url))
    tag_conversations([row.pk], [tag], actor=None)
    expect(tab.locator("#rows .tag")).to_have_text("VIP")
    expect(tab.locator("#tags .count")).to_have_text("1")
    assert asked == []
    other.evaluate(HIDE, "visible")
    expect(other.locator("#rows .tag")).to_have_text("VIP")


def test_what_changes_before_the_stream_is_open_is_read_when_it_opens(log_in, page):
    tab = log_in("viewer", "/admin/")
    held: list = []
    tab.route("**/api/events", lambda route: held.append(route))
    with tab.expect_request("**/api/events"):
        tab.goto("/")
    expect(tab.get_by_text("No conversations yet")).to_be_visible()
    ConversationFactory(page=page)
    held.pop().continue_()
    expect(tab.locator("#total")).to_have_text("1")


def test_what_is_typed_while_a_dialogue_is_on_its_way_is_not_for_the_page(log_in, page):
    ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/")
    total(tab, "2")
    held: list = []
    tab.route("**/later/picker.mjs", lambda route: held.append(route))
    tab.keyboard.press("j")
    with tab.expect_request("**/later/picker.mjs"):
        tab.keyboard.press("t")
    for key in ("e", "t", "x", "Enter"):
        tab.keyboard.press(key)
    tab.get_by_role("button", name="New tag").click()
    held.pop().continue_()
    expect(tab.get_by_role("dialog")).to_have_count(1)
    expect(tab.locator("#selection")).to_be_hidden()
    expect(tab.locator("#talk-open")).to_be_hidden()
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_a_button_that_is_pressed_while_something_comes_in_is_clicked(log_in, page):
    with sync_lock(page.pk):  # else a worker would take it over
        run = runs.open_run(page, full=True, trigger="command")
        tab = log_in("manager", "/")
        stop = tab.get_by_role("button", name="Stop")
        stop.hover()
        tab.mouse.down()
        tab.evaluate(HEAR, page.facebook_page_id)
        with tab.expect_response("**/cancel"):
            tab.mouse.up()
        expect(tab.locator(".sync")).to_contain_text("Cancelled")
        run.refresh_from_db()
        assert run.status == SyncRun.Status.CANCELLED
