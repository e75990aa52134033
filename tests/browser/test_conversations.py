"""Staff filter conversations, tag all matches and change their status."""

import pytest
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, ConversationTag, InteractionEvent
from conversations.sandbox.data import media
from tests.factories import ConversationFactory, EventFactory, TagFactory

LIST = "/admin/conversations/conversation/"


def choose(tab, name: str, tag: str) -> None:
    """Choose a tag in a select box with search."""
    tab.locator(f"select[name={name}] + .select2").click()
    tab.get_by_role("option", name=tag).click()


def run_action(tab, action: str) -> None:
    tab.get_by_label("Select action to run").select_option(action)
    tab.get_by_role("button", name="Run").click()


@pytest.fixture
def orders(page):
    """60 orders, of which two are solved, and 5 other conversations."""
    order, solved, _ = TagFactory(name="Order"), TagFactory(name="Solved"), TagFactory(name="VIP")
    rows = [ConversationFactory(page=page, sender_name=f"Buyer {number}").pk for number in range(60)]
    for number in range(5):
        ConversationFactory(page=page, sender_name=f"Guest {number}")
    tag_conversations(rows, [order], actor=None)
    tag_conversations(rows[:2], [solved], actor=None)
    return rows


def test_all_matches_are_tagged_and_the_status_is_changed(log_in, orders):
    tab = log_in("tagger")
    tab.get_by_role("link", name="Conversations").first.click()
    tab.locator("a", has_text="Filters").click()
    choose(tab, "include_tags", "Order")
    choose(tab, "exclude_tags", "Solved")
    tab.get_by_role("button", name="Apply Filters").click()
    expect(tab.get_by_text("- 58 conversations")).to_be_visible()
    expect(tab.get_by_text("Guest")).to_have_count(0)

    tab.locator("#action-toggle").check()
    tab.get_by_role("link", name="Select all 58 conversations").click()
    run_action(tab, "Add tags …")
    expect(tab.get_by_text("All that match the filters: 58 conversations.")).to_be_visible()
    tab.get_by_label("Tags").select_option(["VIP"])
    tab.get_by_role("button", name="Add tags").click()
    expect(tab.get_by_text("Tagged 58 conversations.")).to_be_visible()
    tagged = ConversationTag.objects.filter(tag__name="VIP").values_list("conversation", flat=True)
    assert set(tagged) == set(orders[2:])

    tab.locator("input.action-select").first.check()
    run_action(tab, "Mark as done")
    expect(tab.get_by_text("Marked as done: 1 conversation.")).to_be_visible()
    assert Conversation.objects.get(conversation_status="done").pk == orders[-1]


def test_conversation_fits_a_small_screen(log_in, page):
    row = ConversationFactory(page=page, sender_name="Ana")
    TagFactory(name="VIP")
    EventFactory(conversation=row, text="Is it blue? " * 30)
    EventFactory(conversation=row, text="", kind="message_sent", **media.two_images(7))
    tab = log_in("tagger", viewport={"width": 360, "height": 740})
    for scheme in ("dark", "light"):
        tab.emulate_media(color_scheme=scheme)
        for url in (LIST, f"{LIST}{row.pk}/change/"):
            tab.goto(url)
            assert tab.evaluate("document.documentElement.scrollWidth") == 360
    expect(tab.get_by_role("link", name="image-7")).to_be_visible()
    tab.get_by_label("Tag to add").select_option("VIP")
    tab.get_by_role("button", name="Add", exact=True).click()
    tab.get_by_role("button", name="Remove VIP").click()
    expect(tab.get_by_text("Removed tag VIP")).to_be_visible()
    tab.get_by_role("button", name="Mark as done").click()
    expect(tab.get_by_role("button", name="Reopen")).to_be_visible()
    assert InteractionEvent.objects.exclude(actor=None).count() == 3


def test_viewers_have_no_buttons(log_in, page):
    row = ConversationFactory(page=page, sender_name="Ana")
    tag_conversations([row.pk], [TagFactory(name="VIP")], actor=None)
    tab = log_in("viewer")
    expect(tab.get_by_text("Never synced.")).to_be_visible()
    expect(tab.get_by_role("button", name="Sync now")).to_have_count(0)
    tab.goto(LIST)
    expect(tab.locator("#result_list").get_by_text("VIP")).to_be_visible()
    expect(tab.locator("#changelist-form input[type=checkbox]")).to_have_count(0)
    tab.get_by_role("link", name="Ana").click()
    expect(tab.get_by_label("Tags", exact=True).get_by_text("VIP")).to_be_visible()
    expect(tab.locator("#content button")).to_have_count(0)
