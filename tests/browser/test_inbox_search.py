"""The inbox page: typed words, suggestions, what rows tell, and what follows a conversation that is done."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.models import SavedView
from conversations.search.index.message_index import index_pending
from tests.browser.accessibility import load_axe, serious_violations
from tests.factories import ConversationFactory, EventFactory, TagFactory

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

    search.fill("from:page is:read be")
    search.press("Enter")
    expect(names(tab)).to_have_text(["Ben"])
    expect(search).to_have_value("be")
    search.fill("")
    expect(options.first).to_contain_text("from:page is:read be")
    search.fill("has:pictures")
    search.press("Enter")
    expect(tab.get_by_role("alert").filter(has_text="has:photo")).to_be_visible()
    wrong.clear()  # the answer was a 400
    search.fill("has:photo")
    expect(tab.get_by_role("alert").filter(has_text="has:photo")).to_have_count(0)


def test_views_with_words_are_shown(log_in, customers):
    viewer = User.objects.create_superuser("saver")
    SavedView.objects.create(owner=viewer, name="Photos", query={"q": "has:photo"}, is_shared=True)
    tab = log_in("viewer", "/")
    tab.get_by_role("link", name="Photos").click()
    expect(names(tab)).to_have_text(["Ana"])
    tab.get_by_role("button", name="Remove filter: has:photo").click()
    expect(names(tab)).to_have_count(3)


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
