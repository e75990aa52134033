"""Staff share the work on the inbox page: read marks, assignees, snoozes and notes, two people at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from conversations.models import Conversation, InteractionEvent
from tests.browser.accessibility import load_axe, violations
from tests.factories import ConversationFactory, EventFactory

PHONE, TABLET, DESKTOP = ({"width": width, "height": 800} for width in (390, 820, 1280))


@pytest.fixture
def rows(page):
    rows = [
        ConversationFactory(page=page, sender_name=f"Buyer {number}", graph_unread_count=2, unread_count=2)
        for number in range(3)
    ]
    for row in rows:
        EventFactory(conversation=row, text="Is it still there?")
    return rows


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "dark"), (TABLET, "light"), (DESKTOP, "light")])
def test_colleagues_share_the_conversations(log_in, rows, viewport, scheme):
    anna = log_in("tagger", "/", viewport=viewport, color_scheme=scheme)
    ben = log_in("manager", "/?assignee=me")
    expect(ben.get_by_text("No results")).to_be_visible()
    expect(anna.locator("#rows .badge")).to_have_count(3)
    anna.get_by_role("link", name=re.compile("^Buyer 2")).click()
    expect(anna.get_by_role("heading", name="Buyer 2")).to_be_visible()
    expect(anna.locator(".row.unread")).to_have_count(2)  # opened, therefore read
    anna.get_by_role("button", name="Assign", exact=True).click()
    anna.get_by_role("dialog").get_by_role("combobox").fill("manager")
    anna.keyboard.press("Enter")
    expect(anna.get_by_text("anna-manager: Assigned 1 conversation.")).to_be_visible()
    expect(ben.locator("#rows").get_by_role("link", name=re.compile("^Buyer 2"))).to_be_visible()

    note = anna.get_by_role("textbox", name="Note")
    note.fill("Ask @anna-m")
    anna.get_by_role("button", name="@anna-manager").click()
    expect(note).to_have_value("Ask @anna-manager ")
    note.press_sequentially("about the price")
    anna.keyboard.press("Control+Enter")
    expect(anna.locator(".staff-note")).to_contain_text("Ask @anna-manager about the price")
    load_axe(anna)
    assert violations(anna) == []
    assert anna.evaluate("document.documentElement.scrollWidth") == viewport["width"]
    ben.goto("/?mentioned=me")
    ben.get_by_role("link", name=re.compile("^Buyer 2")).click()
    expect(ben.locator(".staff-note")).to_contain_text("Note by anna-tagger")

    anna.get_by_role("button", name="Snooze").click()
    anna.get_by_role("button", name="Tomorrow").click()
    expect(anna.get_by_text("Snoozed 1 conversation.")).to_be_visible()
    expect(ben.get_by_role("button", name="Snoozed until")).to_be_visible()
    assert Conversation.objects.get(pk=rows[2].pk).snoozed_until > datetime.now(UTC)


def test_unread_stays_unread_until_the_conversation_is_opened_again(log_in, rows):
    tab = log_in("tagger", f"/?conversation={rows[0].pk}")
    unread = tab.locator(".row.unread")
    expect(unread).to_have_count(2)
    tab.keyboard.press("U")
    expect(unread).to_have_count(3)
    expect(tab.get_by_text("Marked as unread: 1 conversation.")).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Buyer 1")).click()
    expect(unread).to_have_count(2)
    tab.get_by_text("anna-tagger").click()
    tab.get_by_label("Opening").select_option("Leaves it unread")
    tab.get_by_role("link", name=re.compile("^Buyer 2")).click()
    expect(tab.get_by_role("heading", name="Buyer 2")).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Buyer 0")).click()
    expect(tab.get_by_role("heading", name="Buyer 0")).to_be_visible()
    expect(unread).to_have_count(2)


def test_author_changes_and_deletes_a_note(log_in, rows):
    tab = log_in("tagger", f"/?conversation={rows[0].pk}")
    tab.get_by_role("textbox", name="Note").fill("First")
    tab.get_by_role("button", name="Add note").click()
    note = tab.locator(".staff-note")
    expect(note).to_contain_text("First")
    note.get_by_role("button", name="Edit").click()
    tab.get_by_role("dialog").get_by_label("Note").fill("Second")
    tab.get_by_role("button", name="Save").click()
    expect(note).to_contain_text("Second")
    expect(note).to_contain_text("edited")
    note.get_by_role("button", name="Delete").click()
    tab.get_by_role("button", name="Delete note").click()
    expect(note).to_have_count(0)
    assert not InteractionEvent.objects.filter(kind="note_added").exists()


def test_many_are_assigned_and_snoozed_from_the_keyboard_with_undo(log_in, rows):
    tab = log_in("tagger", "/")
    expect(tab.locator("#total")).to_have_text("3")
    for key in ("j", "x", "j", "x", "m"):
        tab.keyboard.press(key)
    expect(tab.get_by_text("anna-tagger: Assigned 2 conversations.")).to_be_visible()
    assert Conversation.objects.filter(assignee__username="anna-tagger").count() == 2
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("#rows .state")).to_have_count(0)
    assert not Conversation.objects.exclude(assignee=None).exists()
    tab.keyboard.press("x")
    tab.keyboard.press("z")
    until = datetime.now().astimezone() + timedelta(days=2)
    tab.get_by_label("Another time").fill(until.strftime("%Y-%m-%dT%H:%M"))
    tab.get_by_role("dialog").get_by_role("button", name="Snooze", exact=True).click()
    expect(tab.get_by_text("Snoozed 1 conversation.")).to_be_visible()
    tab.get_by_role("link", name=re.compile("^Snoozed 1")).click()
    expect(tab.locator("#total")).to_have_text("1")
