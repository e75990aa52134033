"""The inbox page: widths of panes, the place in the list, Back, swipes, the banner, and skip links."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

from conversations.alerts.watch import watch
from conversations.lib.notify import notify_conversations
from conversations.models import Conversation
from tests.browser.accessibility import load_axe, violations
from tests.browser.gestures import swipe
from tests.browser.held_requests import wait_for_held
from tests.factories import NOON, ConversationFactory

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


@pytest.fixture
def rows(page):
    return [ConversationFactory(page=page, sender_name=f"Buyer {number}") for number in range(30)]


def width(tab: Tab, pane: str) -> int:
    return round(tab.locator(f"#{pane}").evaluate("pane => pane.getBoundingClientRect().width"))


def row_of(tab: Tab, name: str):
    return tab.get_by_role("link", name=re.compile(f"^{name} "))


def test_panes_are_resized_and_remembered(log_in, rows):
    tab = log_in("viewer", "/", viewport={"width": 1280, "height": 800})
    edge = tab.get_by_role("separator", name="Width of the list")
    before = width(tab, "list")
    expect(edge).to_have_attribute("aria-valuenow", str(before))
    edge.focus()
    edge.press("ArrowRight")
    assert width(tab, "list") == before + 16
    for key, number in (("Home", 280), ("ArrowLeft", 280), ("End", 640), ("ArrowRight", 640)):
        edge.press(key)
        assert width(tab, "list") == number
    box = edge.bounding_box()
    assert box
    tab.mouse.move(box["x"] + 4, 300)
    tab.mouse.down()
    tab.mouse.move(box["x"] - 96, 300)
    tab.mouse.up()
    assert width(tab, "list") == 540
    load_axe(tab)
    assert violations(tab) == []
    tab.reload()
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    assert width(tab, "list") == 540
    tab.get_by_role("separator", name="Width of the list").dblclick()
    assert width(tab, "list") == before
    sidebar = tab.get_by_role("separator", name="Width of the sidebar")
    sidebar.press("Home")
    assert width(tab, "sidebar") == 200
    sidebar.press("Enter")
    assert width(tab, "sidebar") == 304


def create_buyers(page, count: int) -> list[Conversation]:
    """Conversations of which each is a minute older than the one before."""
    rows = [
        Conversation(
            page=page,
            sender_id=f"7{number}",
            sender_name=f"Buyer {number}",
            last_message_time=NOON - timedelta(minutes=number),
            search=f"buyer {number}\n",
        )
        for number in range(count)
    ]
    return Conversation.objects.bulk_create(rows)


@pytest.fixture
def many(page):
    """1,300 conversations, with a part of the list that begins behind the first 1,000 of them."""
    return create_buyers(page, 1300)


def test_list_is_restored_at_any_depth_and_can_be_read_on_both_ways(log_in, many):
    tab = log_in("viewer", "/")
    scroller = tab.locator("#scroller")
    for loaded in (50, 150, 300, 600, 1100, 1300):
        tab.wait_for_function("n => rows.clientHeight >= 88 * n", arg=loaded)
        scroller.evaluate("scroller => scroller.scrollTop = scroller.scrollHeight")
    scroller.evaluate("scroller => scroller.scrollTop = 88 * 1150 + 30")
    row_of(tab, "Buyer 1152").click()
    expect(tab.get_by_role("heading", name="Buyer 1152")).to_be_visible()
    asked: list[str] = []
    tab.on("request", lambda sent: asked.append(sent.url) if "/api/conversations?" in sent.url else None)
    tab.reload()
    expect(row_of(tab, "Buyer 1152")).to_be_in_viewport()
    assert "cursor=" in asked[0]
    height = tab.evaluate("rows.clientHeight")
    assert height <= 88 * 600  # its part, not all
    scroller.evaluate("scroller => scroller.scrollTop = 0")
    tab.wait_for_function("height => rows.clientHeight > height", arg=height)
    before = row_of(tab, f"Buyer {1300 - height // 88}")
    expect(before).to_be_in_viewport()
    tab.get_by_role("button", name="Go to the newest").click()
    expect(row_of(tab, "Buyer 0")).to_be_in_viewport()
    expect(tab.locator("#depth")).to_be_hidden()
    expect(before).to_have_count(0)


def test_long_list_drops_rows_that_are_far_away_and_loads_them_again(log_in, page):
    create_buyers(page, 4600)
    tab = log_in("viewer", "/")
    expect(row_of(tab, "Buyer 0")).to_be_in_viewport()
    loaded = "() => Math.round(rows.clientHeight / 88)"
    counts = [tab.evaluate(loaded)]

    def scroll_until_loaded(place: str) -> None:
        tab.locator("#scroller").evaluate(f"scroller => scroller.scrollTop = {place}")
        tab.wait_for_function(f"count => ({loaded})() !== count", arg=counts[-1])
        counts.append(tab.evaluate(loaded))

    while tab.locator("#foot").inner_text() != "End of list":
        scroll_until_loaded("scroller.scrollHeight")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = scroller.scrollHeight")
    expect(row_of(tab, "Buyer 4599")).to_be_in_viewport()
    assert max(counts) <= 4500
    assert counts[-1] <= 2500
    while tab.locator("#depth").is_visible():
        scroll_until_loaded("0")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 0")
    expect(row_of(tab, "Buyer 0")).to_be_in_viewport()
    assert counts[-1] <= 4500
    expect(tab.locator("#foot")).to_have_text("Loading more…")  # the last ones are dropped


def test_back_closes_what_is_open(log_in, rows):
    tab = log_in("tagger", "/", **PHONE)
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    tab.get_by_role("button", name="Views, tags and Pages").click()
    expect(tab.get_by_role("link", name=re.compile("^Untagged"))).to_be_visible()
    tab.go_back()
    expect(tab.locator("#sidebar")).to_be_hidden()
    tab.get_by_role("button", name="Views, tags and Pages").click()
    tab.get_by_role("link", name=re.compile("^Untagged")).click()
    expect(tab).to_have_url(re.compile("untagged=true"))
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 88 * 12")
    row_of(tab, "Buyer 15").click()
    expect(tab.get_by_role("heading", name="Buyer 15")).to_be_visible()
    tab.get_by_role("button", name="+ Tag").click()
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.go_back()
    expect(tab.get_by_role("dialog")).to_have_count(0)
    expect(tab.get_by_role("heading", name="Buyer 15")).to_be_visible()
    tab.go_back()
    expect(row_of(tab, "Buyer 15")).to_be_focused()
    expect(row_of(tab, "Buyer 15")).to_be_in_viewport()
    tab.go_back()
    expect(tab).to_have_url(re.compile("/$"))
    # Closing by the button goes back, too: Back does not open it again.
    row_of(tab, "Buyer 29").click()
    tab.get_by_role("button", name="Back to the list").click()
    expect(row_of(tab, "Buyer 29")).to_be_focused()
    expect(tab).to_have_url(re.compile("/$"))
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("dialog")).to_have_count(0)
    tab.wait_for_function("() => !history.state?.layer")


def test_escape_while_a_dialog_loads_opens_none(log_in, rows):
    tab = log_in("tagger", "/")
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    held: list[Route] = []
    tab.route(re.compile("shortcut-help"), lambda route: held.append(route))
    with tab.expect_request(re.compile("shortcut-help")):
        tab.keyboard.press("?")
    route = wait_for_held(tab, held)
    tab.keyboard.press("Escape")
    route.continue_()
    tab.evaluate("url => import(url)", route.request.url)
    assert tab.get_by_role("dialog").count() == 0
    tab.keyboard.press("?")
    expect(tab.get_by_role("dialog")).to_be_visible()


def test_swipe_marks_as_done_and_can_be_undone(log_in, rows):
    tab = log_in("tagger", "/?status=active", **PHONE)
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    swipe(tab, row_of(tab, "Buyer 29"), 60)  # not far enough
    swipe(tab, row_of(tab, "Buyer 28"), 200)
    expect(tab.get_by_text("Marked as done: 1 conversation.")).to_be_visible()
    assert [row.sender_name for row in Conversation.objects.filter(conversation_status="done")] == [
        "Buyer 28"
    ]
    expect(tab.locator("#conversation-open")).to_be_hidden()  # a swipe is no tap
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Restored 1 conversation.")).to_be_visible()
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_viewers_do_not_swipe(log_in, rows):
    tab = log_in("viewer", "/", **PHONE)
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    expect(tab.locator(".swipe-label")).to_have_count(0)


@pytest.mark.parametrize("size", [{}, PHONE], ids=["desktop", "phone"])
def test_lost_connection_is_one_banner_with_a_button_or_a_name(log_in, rows, page, size):
    page.reconnect("Facebook says that the password was changed.")
    User.objects.create_superuser("eva")
    tab = log_in("viewer", f"/?conversation={rows[0].pk}", **size)
    banner = tab.locator("#alerts")
    expect(banner).to_contain_text("Demo Shop is no longer connected and gets no new messages.")
    expect(banner).to_contain_text("A superuser can reconnect it: ask eva.")
    expect(banner.get_by_role("link")).to_have_count(0)
    load_axe(tab)
    assert violations(tab) == []
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    User.objects.filter(username="anna-viewer").update(is_superuser=True)
    tab.reload()
    link = banner.get_by_role("link", name="Reconnect Demo Shop")
    expect(link).to_have_attribute("href", f"/admin/conversations/page/connect/?page={page.pk}")
    page.mark_connected()
    page.save()
    tab.reload()
    expect(tab.locator("#rows li").first).to_be_attached()  # on a phone behind the conversation
    expect(banner).to_be_hidden()


def test_dead_link_says_so_in_a_sentence(log_in, rows, wrong):
    tab = log_in("viewer", "/?conversation=123456&startDate=2024-02-30&status=active")
    expect(
        tab.get_by_text("This conversation is not here any more, or you have no access to it.")
    ).to_be_visible()
    expect(tab.get_by_text("is not a date")).to_be_visible()
    tab.get_by_role("button", name="Remove this part").click()
    expect(row_of(tab, "Buyer 29")).to_be_visible()
    tab.locator("#conversation").get_by_role("button", name="Back to the list").last.click()
    expect(tab.get_by_text("No conversation selected")).to_be_visible()
    expect(tab).to_have_url(re.compile(r"/\?status=active$"))
    wrong.clear()  # the 400 and the 404


def test_links_for_the_keyboard_lead_to_the_panes(log_in, rows):
    tab = log_in("viewer", f"/?conversation={rows[0].pk}")
    expect(tab.get_by_role("heading", name="Buyer 0")).to_be_visible()
    tab.keyboard.press("Tab")
    expect(tab.get_by_role("link", name="Skip to the conversations")).to_be_focused()
    tab.keyboard.press("Enter")
    expect(tab.locator("#scroller")).to_be_focused()
    tab.get_by_role("link", name="Skip to the messages").focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#messages")).to_be_focused()


def test_result_of_a_search_is_announced_and_changes_are_not(log_in, rows, page):
    tab = log_in("viewer", "/")
    expect(tab.locator("#total")).to_have_text("30")
    tab.get_by_label("Search", exact=True).fill("buyer 2")
    expect(tab.locator("#announcer")).to_have_text("11 conversations")
    notify_conversations(page.pk, [ConversationFactory(page=page, sender_name="Buyer 2000").pk])
    expect(tab.locator("#total")).to_have_text("12")
    expect(tab.locator("#announcer")).to_have_text("11 conversations")


def test_open_alerts_are_in_the_banner_until_they_end(log_in, rows, page):
    manager, viewer = log_in("manager", "/"), log_in("viewer", "/")
    User.objects.create_superuser("eva")
    page.live_state = "lost"
    page.save()
    watch()  # which a job does every 15 seconds
    text = "Demo Shop: Facebook has stopped to send messages of this Page at once"
    for tab in (manager, viewer):
        expect(tab.locator("#alerts")).to_contain_text(text)
        expect(tab.locator("#alerts")).to_contain_text("Ask eva.")
    page.live_state = "off"
    page.save()
    watch()
    for tab in (manager, viewer):
        expect(tab.locator("#alerts")).to_be_hidden()
