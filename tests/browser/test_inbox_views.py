"""The inbox page: saved views with counts, which are edited and ordered."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from conversations.models import SavedView
from tests.browser.accessibility import load_axe, violations
from tests.factories import ConversationFactory


@pytest.fixture
def tab(log_in, page) -> Tab:
    """Anna has three views, and one is shared with her."""
    for number in range(5):
        ConversationFactory(page=page, sender_name=f"Buyer {number}", unread_count=number % 2)
    tab = log_in("tagger", "/account/keys")
    anna = User.objects.get(username="anna-tagger")
    for name, query in (("Alpha", {}), ("Beta", {"unread": "true"}), ("Gamma", {"status": "done"})):
        SavedView.objects.create(owner=anna, name=name, query=query)
    boss = User.objects.create_superuser("boss")
    SavedView.objects.create(owner=boss, name="Shared", query={}, is_shared=True)
    tab.goto("/")
    expect(names(tab)).to_have_text(["Alpha", "Beta", "Gamma", "Shared"])
    return tab


def names(tab: Tab):
    return tab.locator("#saved .entry-name")


def act(tab: Tab, view: str, action: str) -> None:
    tab.get_by_role("button", name=f"Actions for the view {view}").click()
    tab.get_by_role("menuitem", name=action).click()


def stored() -> list[str]:
    return list(SavedView.objects.order_by("position", "name").values_list("name", flat=True))


def test_views_have_counts(tab):
    expect(tab.locator("#saved .count")).to_have_text(["5", "2", "0", "5"])
    load_axe(tab)
    assert violations(tab) == []


def test_views_are_renamed_and_get_another_filter(tab):
    tab.get_by_role("link", name=re.compile("^Unread")).first.click()
    act(tab, "Gamma", "Edit")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Use the filter that is shown now: Unread")
    load_axe(tab)
    assert violations(tab) == []
    dialog.get_by_label("Name").fill("Delta")
    dialog.get_by_label("Use the filter").check()
    dialog.get_by_role("button", name="Save").click()
    expect(names(tab)).to_have_text(["Alpha", "Beta", "Delta", "Shared"])
    expect(tab.locator("#saved .count")).to_have_text(["5", "2", "2", "5"])
    assert SavedView.objects.get(name="Delta").query == {"unread": "true"}


def test_views_are_ordered_with_menu_keyboard_and_pointer(tab):
    with tab.expect_response("**/api/views/order"):
        act(tab, "Beta", "Move up")
    expect(names(tab)).to_have_text(["Beta", "Alpha", "Gamma", "Shared"])
    beta = tab.get_by_role("link", name=re.compile("^Beta"))
    with tab.expect_response("**/api/views/order"):
        beta.press("Alt+ArrowDown")
    expect(names(tab)).to_have_text(["Alpha", "Beta", "Gamma", "Shared"])
    expect(beta).to_be_focused()
    expect(tab.locator("#announcer")).to_have_text("“Beta” is at place 2 of 3.")
    with tab.expect_response("**/api/views/order"):
        tab.locator("#saved li", has_text="Gamma").hover()
        tab.mouse.down()
        tab.locator("#saved li", has_text="Alpha").hover()
        tab.locator("#saved li", has_text="Alpha").hover()
        tab.mouse.up()
    expect(names(tab)).to_have_text(["Gamma", "Alpha", "Beta", "Shared"])
    assert stored()[1:] == ["Gamma", "Alpha", "Beta"]
    tab.reload()
    expect(names(tab)).to_have_text(["Gamma", "Alpha", "Beta", "Shared"])
    expect(tab.get_by_role("button", name="Actions for the view Shared")).to_have_count(0)
