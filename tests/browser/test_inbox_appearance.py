"""Theme and density of the inbox page, and its installation as an app."""

import pytest
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from tests.browser.accessibility import load_axe, serious_violations
from tests.factories import ConversationFactory, TagFactory


@pytest.fixture
def rows(page):
    rows = [ConversationFactory(page=page, sender_name=f"Buyer {number}") for number in range(60)]
    tag_conversations([row.pk for row in rows], [TagFactory(name="VIP")], actor=None)
    return rows


def background(tab) -> str:
    return tab.evaluate("getComputedStyle(document.body).backgroundColor")


def test_theme_is_kept_and_shared_with_the_admin(log_in, rows):
    tab = log_in("viewer", "/")
    light = background(tab)
    tab.get_by_text("anna-viewer").click()
    tab.get_by_label("Theme").select_option("Dark")
    dark = background(tab)
    assert dark != light
    tab.reload()
    expect(tab.locator("#rows li").first).to_be_visible()
    assert background(tab) == dark
    tab.goto("/admin/")
    expect(tab.locator("html.dark")).to_be_attached()
    tab.goto("/")
    tab.get_by_text("anna-viewer").click()
    tab.get_by_label("Theme").select_option("As the system")
    assert background(tab) == light


def test_compact_rows_show_more_and_keep_the_place(log_in, rows):
    tab = log_in("viewer", "/")
    row = tab.locator("#rows li").first
    expect(row).to_have_css("height", "88px")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 20 * 88")
    expect(tab.get_by_text("Buyer 39", exact=True)).to_be_in_viewport()
    tab.get_by_text("anna-viewer").click()
    tab.get_by_label("Rows").select_option("Compact")
    expect(row).to_have_css("height", "52px")
    expect(tab.get_by_text("Buyer 39", exact=True)).to_be_in_viewport()
    expect(tab.locator("#rows .dots").first).to_be_visible()
    load_axe(tab)
    assert serious_violations(tab) == []
    tab.reload()
    expect(row).to_have_css("height", "52px")


def test_it_can_be_installed(log_in, rows):
    tab = log_in("viewer", "/")
    manifest = tab.request.get(tab.locator("link[rel=manifest]").get_attribute("href") or "")
    assert manifest.headers["content-type"] == "application/manifest+json"
    data = manifest.json()
    assert (data["start_url"], data["display"]) == ("/", "standalone")
    for icon in data["icons"]:
        answer = tab.request.get(f"/static/inbox/{icon['src']}")
        assert answer.headers["content-type"] == icon["type"]
