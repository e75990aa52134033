"""The inbox page: typed words, suggestions, what rows tell, and what follows a conversation that is done."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Route, expect

from conversations.actions.tagging import tag_conversations
from conversations.models import InteractionEvent, SavedView
from conversations.search.index.message_index import index_pending
from tests.browser.accessibility import load_axe, serious_violations
from tests.browser.held_requests import wait_for_held
from tests.factories import ConversationFactory, EventFactory, TagFactory

LONG_AGO = datetime(2023, 6, 1, tzinfo=UTC)
IMAGE = {"id": "1", "mime_type": "image/jpeg", "image_data": {"url": "https://cdn.test/a.jpg"}}


@pytest.fixture
def customers(page):
    """Ana has sent a picture and has the tag VIP, Ben got the last answer, and Cleo came by an ad."""
    ana = ConversationFactory(page=page, sender_name="Ana", last_message_kind="message_received")
    EventFactory(conversation=ana, text="", attachments=[IMAGE])
    ben = ConversationFactory(
        page=page, sender_name="Ben", last_message="שלום", last_message_kind="message_sent"
    )
    ad = {"source": "ADS", "ad_id": "23", "ad_title": "Spring sale"}
    cleo = ConversationFactory(page=page, sender_name="Cleo", referral=ad, ad_id="23")
    tag_conversations([ana.pk], [TagFactory(name="VIP")], actor=None)
    index_pending()
    return [ana, ben, cleo]


def names(tab):
    return tab.locator("#rows .name")


def test_rows_tell_who_wrote_last_attachments_and_ads(log_in, customers):
    tab = log_in("viewer", "/")
    rows = tab.locator("#rows li")
    expect(rows.filter(has_text="Ana").get_by_text("Attachments: image")).to_be_attached()
    expect(rows.filter(has_text="Ben").locator(".writer")).to_have_text("You:")
    expect(rows.filter(has_text="Ben").locator(".text")).to_have_css("direction", "rtl")
    expect(rows.filter(has_text="Ana").locator(".writer")).to_have_count(0)
    expect(rows.filter(has_text="Cleo").get_by_title("Spring sale")).to_have_text("Ad")


@pytest.mark.parametrize("width", [1280, 390])
def test_words_are_completed_and_become_filters(log_in, customers, wrong, width):
    tab = log_in("viewer", "/")
    tab.set_viewport_size({"width": width, "height": 800})
    search = tab.get_by_label("Search", exact=True)
    search.press_sequentially("ta")
    options = tab.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(options).to_have_text(["tag:has a tag; with - before it: does not"])
    load_axe(tab)
    assert serious_violations(tab) == []
    search.press("ArrowDown")
    search.press("Enter")
    expect(search).to_have_value("tag:")
    options.filter(has_text="VIP").click()
    expect(names(tab)).to_have_text(["Ana"])
    assert tab.url.endswith("/?include_tags=vip")
    expect(search).to_have_value("")
    expect(tab.get_by_role("button", name="Remove filter: VIP")).to_be_visible()
    tab.get_by_role("button", name="Clear", exact=True).click()

    search.fill("be from:page is:read")  # its last word may go on, so nothing is searched for before Enter
    search.press("Enter")
    expect(names(tab)).to_have_text(["Ben"])
    expect(search).to_have_value("be")
    search.fill("")
    expect(options.first).to_contain_text("be from:page is:read")
    search.fill("has:pictures")
    search.press("Enter")
    expect(tab.get_by_role("alert").filter(has_text="has:photo")).to_be_visible()
    wrong.clear()  # the answer was a 400
    search.fill("has:photo")
    expect(tab.get_by_role("alert").filter(has_text="has:photo")).to_have_count(0)


def test_suggestions_that_come_after_the_search_are_not_shown(log_in, customers):
    tab = log_in("viewer", "/")
    held: list[Route] = []
    tab.route(re.compile("suggestions.*mjs"), lambda route: held.append(route))
    search = tab.get_by_label("Search", exact=True)
    with tab.expect_request(re.compile("suggestions.*mjs")):
        search.fill("has:photo")
    search.press("Enter")
    tab.wait_for_function("localStorage.getItem('inbox-searches') !== null")
    route = wait_for_held(tab, held)
    route.continue_()
    expect(names(tab)).to_have_text(["Ana"])
    expect(search).to_have_value("")
    tab.evaluate("url => import(url)", route.request.url)
    assert tab.get_by_role("listbox", name="Suggestions").count() == 0


def test_views_with_words_are_shown(log_in, customers):
    viewer = User.objects.create_superuser("saver")
    SavedView.objects.create(owner=viewer, name="Photos", query={"q": "has:photo"}, is_shared=True)
    tab = log_in("viewer", "/")
    tab.get_by_role("link", name="Photos").click()
    expect(names(tab)).to_have_text(["Ana"])
    tab.get_by_role("button", name="Remove filter: has:photo").click()
    expect(names(tab)).to_have_count(3)


def test_one_search_finds_people_first_and_then_messages_with_the_date(log_in, page, customers):
    asked = EventFactory(conversation=customers[1], text="Is Ana still there?", occurred_at=LONG_AGO)
    tab = log_in("viewer", "/")
    tab.get_by_label("Search", exact=True).fill("ana")
    rows = tab.locator("#rows li")
    expect(rows).to_have_count(4)
    expect(tab.locator("#rows h3")).to_have_text(["People", "Messages"])
    expect(names(tab)).to_have_text(["Ana", "Ben"])
    expect(rows.nth(3).locator("mark")).to_have_text("Ana")
    expect(rows.nth(3).locator("time")).to_have_text("1 Jun 2023")
    expect(tab.locator("#total")).to_have_text("2")
    load_axe(tab)
    assert serious_violations(tab) == []
    tab.get_by_label("Search", exact=True).press("ArrowDown")
    expect(tab.get_by_role("link", name=re.compile("^Ana"))).to_be_focused()
    tab.keyboard.press("j")
    tab.keyboard.press("Enter")
    expect(tab.locator(f"[data-id='{asked.pk}']")).to_have_class(re.compile("match"))
    tab.get_by_role("link", name="Only messages").click()
    expect(names(tab)).to_have_text(["Ben"])
    expect(tab.get_by_role("button", name="Remove filter: Only messages")).to_be_visible()
    tab.get_by_label("Search", exact=True).fill("an")
    expect(tab.locator("#list-state").get_by_text("Enter at least three characters.")).to_be_visible()
    tab.get_by_role("button", name="Remove filter: Only messages").click()
    expect(names(tab)).to_have_text(["Ana"])


@pytest.mark.parametrize("size", [{}, {"viewport": {"width": 390, "height": 844}}], ids=["desktop", "phone"])
def test_matches_of_a_conversation_are_reached_at_any_depth(log_in, page, size):
    row = ConversationFactory(page=page, sender_name="Ana")
    texts = ["old umbrella", *["no"] * 400, "blue umbrella", *["no"] * 400, "red Umbrella", *["no"] * 60]
    moments = [LONG_AGO + timedelta(minutes=number) for number in range(len(texts))]
    InteractionEvent.objects.bulk_create(
        EventFactory.build(conversation=row, text=text, occurred_at=moment)
        for text, moment in zip(texts, moments, strict=True)
    )
    index_pending(seconds=60)
    tab = log_in("viewer", f"/?conversation={row.pk}", **size)
    expect(tab.locator(".message")).to_have_count(50)
    tab.keyboard.press("f")
    field = tab.get_by_label("Search in this conversation", exact=True).first
    expect(field).to_be_focused()
    field.fill("umbrella")
    status, match = tab.locator("#match-bar [role=status]"), tab.locator(".message.match")
    expect(status).to_have_text("1 of 3")
    expect(match).to_have_text(re.compile("red Umbrella"))
    expect(match).to_be_in_viewport()
    load_axe(tab)
    assert serious_violations(tab) == []
    field.press("Enter")
    expect(status).to_have_text("2 of 3")
    expect(match).to_have_text(re.compile("blue umbrella"))
    tab.locator("#messages").focus()
    tab.keyboard.press("n")
    expect(status).to_have_text("3 of 3")
    expect(match).to_have_text(re.compile("old umbrella"))
    expect(match).to_be_in_viewport()
    expect(tab.get_by_text("Start of conversation")).to_be_attached()
    count = tab.locator(".message").count()
    assert count < 200
    tab.locator("#messages").evaluate("pane => pane.scrollTop = pane.scrollHeight")
    expect(tab.locator(".message")).not_to_have_count(count)  # newer ones are loaded
    tab.keyboard.press("Shift+N")
    expect(status).to_have_text("2 of 3")
    tab.get_by_role("button", name="To the newest message").dispatch_event("click")
    expect(tab.get_by_text("To the newest message")).to_have_count(0)
    expect(tab.locator(".message")).to_have_count(50)


def test_searches_are_forgotten_with_the_session(log_in, customers, wrong):
    tab = log_in("viewer", "/")
    search = tab.get_by_label("Search", exact=True)
    search.fill("Ana")
    search.press("Enter")
    expect(names(tab)).to_have_text(["Ana"])
    assert "Ana" in tab.evaluate("localStorage.getItem('inbox-searches')")
    tab.get_by_role("button", name="Log out").click()
    expect(tab).to_have_url(re.compile("/login"))
    assert tab.evaluate("localStorage.getItem('inbox-searches')") is None
    wrong.clear()  # the page that was left had a request on its way


def test_next_conversation_opens_after_one_is_done(log_in, customers):
    tab = log_in("tagger", "/?status=active")
    heading = tab.locator("#conversation-head h2")
    tab.get_by_role("link", name="Ben").click()
    expect(heading).to_have_text("Ben")
    tab.get_by_role("button", name="Mark as done").click()
    expect(heading).to_have_text("Ana")
    expect(tab.locator("#conversation-head")).to_be_focused()
    expect(names(tab)).to_have_text(["Cleo", "Ana"])
    tab.keyboard.press("e")  # the last one
    expect(tab.get_by_text("No conversation selected")).to_be_visible()
    tab.get_by_role("button", name="Undo").last.click()
    expect(names(tab)).to_have_text(["Cleo", "Ana"])
