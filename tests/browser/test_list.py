"""The conversation list: search while typing, tag in place, undo, new messages."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.lib.locks import sync_lock
from conversations.models import Conversation, ConversationTag
from conversations.sync import run_lifecycle
from tests.factories import ConversationFactory, EventFactory, TagFactory

LIST = "/admin/conversations/conversation/"


@pytest.fixture
def customers(page):
    """Ana Lopez and Ben need a reply for days; 60 buyers wrote an hour ago, two of them have the tag VIP."""
    vip, _ = TagFactory(name="VIP", color="#ffee58"), TagFactory(name="Late", color="#1a237e")
    long_ago, lately = timezone.now() - timedelta(hours=60), timezone.now() - timedelta(hours=1)
    waits = {"page": page, "last_message_kind": "message_received"}
    buyers = [
        ConversationFactory(sender_name=f"Buyer {number}", last_message_time=lately, **waits)
        for number in range(60)
    ]
    tag_conversations([row.pk for row in buyers[:2]], [vip], actor=None)
    return [
        ConversationFactory(sender_name=name, last_message_time=long_ago, **waits)
        for name in ("Ana Lopez", "Ben")
    ] + buyers


def names(tab) -> list[str]:
    return tab.locator("#result_list .inbox-name").all_inner_texts()


def test_search_follows_typing_and_the_back_button_works(log_in, customers):
    tab = log_in("viewer", LIST)
    tab.clock.set_fixed_time(timezone.now())  # both words are one step, however slow the machine is
    box = tab.get_by_label("Search conversations")
    box.press_sequentially("lop", delay=30)
    expect(tab.locator("#result_list .inbox-name")).to_have_text(["Ana Lopez"])
    expect(tab.locator("#inbox-count")).to_have_text("1 conversation")
    expect(box).to_be_focused()
    expect(tab).to_have_url(re.compile(r"\?q=lop$"))
    box.press_sequentially("zz")
    expect(tab.get_by_text("No results", exact=True)).to_be_visible()
    expect(box).to_have_value("lopzz")
    tab.go_back()
    expect(tab.locator("#result_list .inbox-name")).to_have_count(50)
    expect(box).to_have_value("")
    tab.get_by_role("link", name="Needs reply (over 24 h)").click()
    expect(tab.locator("#result_list .inbox-name")).to_have_text(["Ben", "Ana Lopez"])
    tab.get_by_label("Search conversations").fill("ben")
    expect(tab.locator("#result_list .inbox-name")).to_have_text(["Ben"])
    expect(tab).to_have_url(re.compile(r"reply=waiting&q=ben"))


def test_row_is_tagged_by_keyboard_and_undone(log_in, customers):
    tab = log_in("tagger", f"{LIST}?reply=waiting")
    tab.get_by_role("button", name="Tags of Ben").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_label("Find a tag")).to_be_focused()
    tab.keyboard.type("la")
    expect(tab.get_by_label("VIP")).to_be_hidden()
    tab.keyboard.press("Tab")
    tab.keyboard.press("Space")
    expect(tab.locator("#result_list").get_by_text("Late")).to_be_visible()
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("button", name="Tags of Ben")).to_be_focused()
    assert [row.tag.name for row in customers[1].tag_rows.all()] == ["Late"]
    expect(tab.locator("#inbox-notice")).to_contain_text("Ben: added tag Late.")
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("#result_list").get_by_text("Late")).to_have_count(0)
    assert not customers[1].tag_rows.exists()


def test_all_matches_are_tagged_after_a_preview_and_undone(log_in, customers):
    tab = log_in("tagger", f"{LIST}?q=Buyer")
    tab.locator("#action-toggle").check()
    tab.get_by_role("link", name="Select all 60 conversations").click()
    tab.get_by_role("button", name="Tags …").click()
    expect(tab.get_by_text("All 60 matches")).to_be_visible()
    tab.get_by_label("VIP").check()
    expect(tab.get_by_text("60 match. Add changes 58, Remove changes 2.")).to_be_visible()
    assert ConversationTag.objects.count() == 2
    tab.get_by_role("button", name="Add", exact=True).click()
    expect(tab.locator("#inbox-notice")).to_contain_text("Tagged 58 conversations.")
    expect(tab.locator("#result_list").get_by_text("VIP")).to_have_count(50)
    assert ConversationTag.objects.count() == 60
    tab.get_by_role("button", name="Undo").click()
    expect(tab.locator("#inbox-notice")).to_contain_text("Restored 58 conversations.")
    assert ConversationTag.objects.count() == 2

    tab.locator("input.action-select").first.check()
    tab.get_by_label("Select action to run").select_option("Mark as done")
    tab.get_by_role("button", name="Run").click()
    tab.get_by_role("link", name="Undo").click()
    expect(tab.locator("#inbox-notice")).to_contain_text("Restored 1 conversation.")
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_new_matches_from_a_sync_are_offered(log_in, page, customers):
    tab = log_in("viewer")
    # When its stream is open, the page compares itself with the server once, and shows what is new by then.
    with tab.expect_response(lambda each: "q=dora" in each.url and each.request.resource_type == "fetch"):
        tab.goto(f"{LIST}?q=dora")
    expect(tab.get_by_text("No results", exact=True)).to_be_visible()
    with sync_lock(page.pk):  # else a worker would take over the run
        run = run_lifecycle.open_run(page, full=True, trigger="command")
        for name in ("Dora", "Dora II", "Emil"):
            EventFactory(conversation=ConversationFactory(page=page, sender_name=name))
        run_lifecycle.finish(run, "complete", "")
    tab.get_by_role("button", name="Show 2 new").click()
    expect(tab.locator("#result_list .inbox-name")).to_have_text(["Dora II", "Dora"])
    expect(tab.get_by_role("button", name=" new")).to_have_count(0)
