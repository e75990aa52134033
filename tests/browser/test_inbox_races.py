"""The inbox page: late, duplicate, broken and missing responses, and user actions in the meantime."""

import re

from playwright.sync_api import Route, expect

from conversations.actions.tagging import tag_conversations
from conversations.lib.locks import sync_lock
from conversations.models import Conversation, SyncRun
from conversations.sync import run_lifecycle
from tests.browser.held_requests import wait_for_held
from tests.browser.test_inbox import orders, pick, tagged, total  # noqa: F401 - a fixture
from tests.browser.test_inbox_live import HIDE
from tests.factories import ConversationFactory, TagFactory

FURTHER = re.compile("limit=100")  # further rows by cursor, and the head, which would contain them as well
LIST = re.compile(r"/api/conversations\?")
CONNECTED = """async () => {
  const page = await import("/static/inbox/app/core/store.mjs");
  while (!page.state.isConnected) await new Promise(requestAnimationFrame);
}"""
HANDLE_RUN = """async (id) => {
  const { handleRun } = await import("/static/inbox/app/sync/sync-runs.mjs");
  const { state } = await import("/static/inbox/app/core/store.mjs");
  handleRun({ ...state.runs[id], synced: 77 });
  await new Promise((done) => setTimeout(done));
}"""
SLOW_RELOAD = """async () => {
  const { invalidate, onInvalidate } = await import("/static/inbox/app/core/refresh.mjs");
  window.steps = [];
  onInvalidate(async () => {
    steps.push("begins");
    if (steps.length === 1) invalidate({ isUrgent: true });
    await new Promise((done) => setTimeout(done, 1000));
    steps.push("ends");
  });
  invalidate({ isUrgent: true });
}"""


def refuse_changes(route) -> None:
    """Reloads get no answer: they would show the former state, too."""
    if route.request.method == "POST":
        route.abort()


def test_a_refused_status_change_is_reverted_and_undo_restores_changed_rows_only(log_in, page, wrong):
    done = ConversationFactory(page=page, conversation_status="done")
    ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/")
    total(tab, "3")
    for _ in range(3):
        tab.keyboard.press("j")
        tab.keyboard.press("x")
    tab.get_by_label("Selection", exact=True).get_by_role("button", name="Done").click()
    expect(tab.get_by_text("Marked as done: 2 conversations.")).to_be_visible()
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Restored 2 conversations.")).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(1)
    assert Conversation.objects.get(conversation_status="done") == done

    tab.route(re.compile("/api/conversations"), refuse_changes)
    tab.keyboard.press("j")
    tab.keyboard.press("x")
    tab.keyboard.press("k")
    tab.keyboard.press("x")
    selected = tab.get_by_label("Selection", exact=True)
    selected.get_by_role("button", name=re.compile("^(Done|Reopen)$")).click()
    expect(tab.get_by_text("Can't reach the server.").last).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(1)  # it was done before
    expect(selected.get_by_text("2 selected")).to_be_visible()  # for another try
    wrong.clear()


def test_going_back_closes_the_question_first_and_then_leaves_the_filter(log_in, orders):  # noqa: F811 - a fixture, imported
    tab = log_in("tagger", "/")
    tab.get_by_role("button", name=re.compile("^Order, 60 conversations")).click()
    total(tab, "60")
    tab.get_by_role("checkbox", name="Select Buyer 59").check(force=True)
    tab.get_by_role("button", name="Select all 60 conversations").click()
    tab.get_by_role("button", name="Add tag", exact=True).click()
    pick(tab, "VIP")
    expect(tab.get_by_role("button", name="Tag 60")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.get_by_text("All 60 conversations that match")).to_be_visible()
    tab.go_back()
    total(tab, "65")
    assert tagged("VIP") == set()


def test_typing_after_going_back_adds_a_history_entry_and_long_matches_are_shown(log_in, orders):  # noqa: F811 - a fixture, imported
    text = "A whole sentence of more than two dozen letters"
    Conversation.objects.filter(pk=orders[0]).update(last_message=text, search=text.casefold())
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
    search.fill(text)
    expect(tab.locator("#rows mark")).to_have_text(text)


def test_errors_of_further_rows_end_with_the_filter_and_broken_responses_are_shown(log_in, orders, wrong):  # noqa: F811 - a fixture, imported
    tab = log_in("tagger", "/?status=done")
    expect(tab.get_by_text("No results")).to_be_visible()
    tab.route(FURTHER, lambda route: route.abort())
    tab.get_by_role("link", name=re.compile("^All")).click()
    total(tab, "65")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 4000")
    expect(tab.locator("#foot")).to_contain_text("Can't reach the server.")
    tab.unroute(FURTHER)
    tab.get_by_role("button", name=re.compile("^Order, 60 conversations")).click()
    expect(tab.locator("#foot")).to_have_text("End of list")

    tab.route(LIST, lambda route: route.fulfill(body='{"conversations": ['))
    tab.get_by_role("link", name=re.compile("^Open")).click()
    expect(tab.get_by_text("Unexpected response.")).to_be_visible()
    expect(tab.locator("#rows li")).to_have_count(0)
    tab.unroute(LIST)
    tab.get_by_role("button", name="Try again").click()
    total(tab, "65")

    tab.route("**/actions/shortcut-help.mjs", lambda route: route.abort())
    tab.get_by_role("button", name="Keyboard shortcuts").click()
    expect(tab.get_by_text("Couldn't load a part of this page.")).to_be_visible()
    wrong.clear()


def test_reloads_run_one_after_the_other_and_keep_the_focused_field(log_in, page):
    rows = ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/?status=active")
    total(tab, "2")
    tab.evaluate(SLOW_RELOAD)
    tab.wait_for_function("() => steps.length === 4")
    assert tab.evaluate("steps") == ["begins", "ends"] * 2

    tab.get_by_role("button", name="More filters").click()
    tab.get_by_label("From").focus()
    tab.evaluate("window.field = document.activeElement; window.line = document.querySelector('#rows li')")
    ConversationFactory(page=page)
    tag_conversations([rows[0].pk], [TagFactory(name="VIP")], actor=None)
    expect(tab.locator("#pages .count")).to_have_text("3")
    total(tab, "3")
    assert tab.evaluate("field.isConnected && line.isConnected")  # not replaced

    tab.get_by_label("From").blur()
    tab.keyboard.press("k")
    tab.keyboard.press("e")
    total(tab, "2")
    expect(tab.locator('#rows a[tabindex="0"]')).to_have_count(1)  # Tab still reaches the list


def test_a_hidden_tab_sends_no_requests_until_it_is_visible(log_in, page):
    row, tag = ConversationFactory(page=page), TagFactory(name="VIP")
    tab = log_in("viewer", "/")
    expect(tab.locator("#total")).to_have_text("1")
    tab.evaluate(CONNECTED)
    other = tab.context.new_page()
    other.goto("/")
    expect(other.locator("#total")).to_have_text("1")
    other.wait_for_load_state("networkidle")
    other.evaluate(HIDE, "hidden")
    requests: list[str] = []
    other.on("request", lambda sent: requests.append(sent.url))
    tag_conversations([row.pk], [tag], actor=None)
    expect(tab.locator("#rows .tag")).to_have_text("VIP")
    expect(tab.locator("#tags .count")).to_have_text("1")
    assert requests == []
    other.evaluate(HIDE, "visible")
    expect(other.locator("#rows .tag")).to_have_text("VIP")


def test_changes_before_the_stream_is_open_are_loaded_when_it_opens(log_in, page):
    tab = log_in("viewer", "/admin/")
    delayed: list[Route] = []
    tab.route("**/api/events", lambda route: delayed.append(route))
    with tab.expect_request("**/api/events"):
        tab.goto("/")
    expect(tab.get_by_text("No conversations yet")).to_be_visible()
    ConversationFactory(page=page)
    wait_for_held(tab, delayed).continue_()
    expect(tab.locator("#total")).to_have_text("1")


def test_keys_pressed_while_a_dialog_loads_do_not_reach_the_page(log_in, page):
    ConversationFactory.create_batch(2, page=page)
    tab = log_in("tagger", "/")
    total(tab, "2")
    delayed: list[Route] = []
    tab.route("**/actions/tag-picker.mjs", lambda route: delayed.append(route))
    tab.keyboard.press("j")
    with tab.expect_request("**/actions/tag-picker.mjs"):
        tab.keyboard.press("t")
    for key in ("e", "t", "x", "Enter"):
        tab.keyboard.press(key)
    tab.get_by_role("button", name="New tag").click()
    wait_for_held(tab, delayed).continue_()
    expect(tab.get_by_role("dialog")).to_have_count(1)
    expect(tab.locator("#selection")).to_be_hidden()
    expect(tab.locator("#conversation-open")).to_be_hidden()
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_a_button_pressed_during_an_update_is_clicked(log_in, page):
    with sync_lock(page.pk):  # or a worker would take over the run
        run = run_lifecycle.open_run(page, full=True, trigger="command")
        tab = log_in("manager", "/")
        cancel = tab.get_by_role("button", name="Cancel sync")
        cancel.hover()
        tab.mouse.down()
        tab.evaluate(HANDLE_RUN, page.facebook_page_id)
        with tab.expect_response("**/cancel"):
            tab.mouse.up()
        expect(tab.locator(".sync")).to_contain_text("Cancelled")
        run.refresh_from_db()
        assert run.status == SyncRun.Status.CANCELLED
