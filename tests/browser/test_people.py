"""A manager deletes a person and creates an API key on a small screen; menus work from the keyboard."""

from django.contrib.auth.models import User
from playwright.sync_api import expect

from conversations.models import Conversation, PageMember
from tests.factories import ConversationFactory, EventFactory


def test_manager_deletes_a_person_and_creates_a_key_on_a_small_screen(log_in, page):
    row = ConversationFactory(page=page, sender_name="Ada")
    EventFactory(conversation=row, text="Please delete my data")
    at = f"/admin/conversations/conversation/{row.pk}/change/"
    tab = log_in("manager", at, viewport={"width": 360, "height": 740})
    tab.get_by_role("link", name="Delete this person").click()
    expect(tab.get_by_text("1 message, with all attachments")).to_be_visible()
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    tab.get_by_role("link", name="Cancel").click()
    assert Conversation.objects.exists()
    tab.go_back()
    tab.get_by_role("button", name="Delete this person").click()
    expect(tab.get_by_text("Person deleted; 1 message removed.")).to_be_visible()
    assert not Conversation.objects.exists()

    tab.goto("/account/keys")
    tab.get_by_label("Name").fill("Report")
    tab.get_by_role("button", name="Create key").click()
    key = tab.get_by_label("New key").inner_text()
    assert len(key) == 40
    assert tab.evaluate("document.documentElement.scrollWidth") == 360
    tab.goto("/account/keys")
    expect(tab.get_by_text(f"{key[:6]}…")).to_be_visible()
    expect(tab.get_by_text(key)).to_have_count(0)


def test_menus_of_the_admin_open_from_the_keyboard(log_in):
    tab = log_in("viewer", "/admin/tags/tag/", viewport={"width": 360, "height": 740})
    tab.get_by_role("button", name="Menu", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(tab.locator("#nav-sidebar a").first).to_be_focused()
    tab.get_by_role("button", name="Account of anna-viewer").focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("link", name="Second factor")).to_be_visible()
    tab.get_by_role("button", name="Close the menu").focus()
    tab.keyboard.press("Space")
    expect(tab.locator("#nav-sidebar")).to_be_hidden()


def test_role_is_removed_from_the_keyboard(log_in, page):
    tab = log_in("manager")
    User.objects.update(is_superuser=True)
    tab.goto(f"/admin/conversations/page/{page.pk}/change/")
    tab.get_by_role("checkbox", name="delete").focus()
    tab.keyboard.press("Space")
    tab.get_by_role("button", name="Save", exact=True).focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_text("was changed successfully")).to_be_visible()
    assert not PageMember.objects.exists()
