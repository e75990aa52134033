"""The menus of the inbox page: exports, contact card, history, deletion, the conversation at Facebook."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page as Tab
from playwright.sync_api import Route, expect

from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation, Export
from tests.browser.accessibility import load_axe, violations, violations_of_both_schemes
from tests.browser.held_requests import wait_for_held
from tests.factories import ConversationFactory, EventFactory, TagFactory
from tests.parquet_files import NEEDS_PYARROW

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def rows(page):
    rows = [ConversationFactory(page=page, sender_name=name) for name in ("Ana", "Ben", "ANA")]
    for row in rows:
        EventFactory(conversation=row, text=f"Hello from {row.sender_name}")
    return rows


@pytest.fixture(params=[None, PHONE], ids=["desktop", "phone"])
def size(request) -> dict:
    return {"viewport": request.param} if request.param else {}


def choose(tab: Tab, name: str, *, of: str = "#list") -> None:
    tab.locator(of).get_by_role("button", name="More", exact=True).click()
    tab.get_by_role("menuitem", name=name).click()


def opened(log_in, row, role="manager", **options) -> Tab:
    tab = log_in(role, f"/?conversation={row.pk}", **options)
    expect(tab.locator("#events")).to_contain_text("Hello from")
    return tab


def is_accessible(tab: Tab, find=violations) -> bool:
    load_axe(tab)
    assert find(tab) == []
    wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide <= 0


def downloaded(tab: Tab, press) -> tuple[str, str]:
    name, content = downloaded_bytes(tab, press)
    return name, content.decode()


def downloaded_bytes(tab: Tab, press) -> tuple[str, bytes]:
    with tab.expect_download() as download:
        press()
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_list_is_exported(log_in, rows, size):
    tab = log_in("viewer", "/?search=ana", **size)
    expect(tab.locator("#total")).to_have_text("2")
    choose(tab, "Export …")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("2 conversations.")
    assert is_accessible(tab)
    dialog.get_by_label("All their messages").check()
    press = dialog.get_by_role("button", name="Export").click
    name, text = downloaded(tab, press)
    assert name == "messages.csv"
    assert re.findall("Hello from \\w+", text) == ["Hello from ANA", "Hello from Ana"]


def test_one_conversation_is_exported(log_in, rows, size):
    tab = opened(log_in, rows[1], "viewer", **size)
    choose(tab, "Export messages …", of="#conversation")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("NDJSON").check()
    name, text = downloaded(tab, dialog.get_by_role("button", name="Export").click)
    assert (name, text.count("\n"), "Hello from Ben" in text) == ("messages.ndjson", 1, True)


@NEEDS_PYARROW
def test_export_as_parquet(log_in, rows):
    tab = log_in("viewer", "/")
    expect(tab.locator("#total")).to_have_text("3")
    choose(tab, "Export …")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("Parquet").check()
    name, content = downloaded_bytes(tab, dialog.get_by_role("button", name="Export").click)
    assert (name, content[:4], content[-4:]) == ("conversations.parquet", b"PAR1", b"PAR1")


def test_large_export_is_prepared_with_progress(log_in, rows):
    Conversation.objects.filter(pk=rows[0].pk).update(message_count=1_000_000)
    tab = log_in("viewer", "/")
    expect(tab.locator("#total")).to_have_text("3")
    choose(tab, "Export …")
    dialog = tab.get_by_role("dialog")
    dialog.get_by_label("All their messages").check()
    name, text = downloaded(tab, dialog.get_by_role("button", name="Export").click)
    assert (name, text.count("Hello from")) == ("messages.csv", 3)
    expect(tab.get_by_text("Ready: the messages of 3 conversations.")).to_be_visible()
    choose(tab, "My exports")
    expect(dialog.get_by_role("button", name="Download")).to_be_visible()
    assert is_accessible(tab)
    dialog.get_by_role("button", name="Delete messages.csv").click()
    expect(dialog).to_contain_text("No exports.")
    assert not Export.objects.exists()


def test_contact_card_leads_to_the_same_person(log_in, page, rows, size):
    rows[0].aliases.create(page=page, sender_id="8000001")
    tab = opened(log_in, rows[0], "viewer", **size)
    choose(tab, "Contact", of="#conversation")
    dialog = tab.get_by_role("dialog", name="Contact")
    expect(dialog).to_contain_text(rows[0].sender_id)
    expect(dialog).to_contain_text("8000001")
    expect(dialog).to_contain_text("1 message from the customer, 0 from the Page")
    assert is_accessible(tab)
    dialog.get_by_role("link", name="ANA").click()
    expect(tab.locator("#events")).to_contain_text("Hello from ANA")
    expect(dialog).to_have_count(0)


def test_contact_card_tells_the_best_time_to_contact(log_in, rows, size):
    friday = datetime(2024, 5, 17, 9, tzinfo=UTC)
    for week in range(12):
        for kind, hours in (("message_sent", 0), ("message_received", 2 if week < 8 else 30)):
            at = friday - timedelta(weeks=week) + timedelta(hours=hours)
            EventFactory(conversation=rows[0], kind=kind, occurred_at=at)
    tab = opened(log_in, rows[0], "viewer", timezone_id="Asia/Tehran", **size)
    choose(tab, "Contact", of="#conversation")
    dialog = tab.get_by_role("dialog", name="Contact")
    expect(dialog).to_contain_text("in the time zone Asia/Tehran.")
    expect(dialog).to_contain_text("13 messages. Most often: Fri 14:00 to 15:00 (8), Sat 18:00 to 19:00 (4).")
    expect(dialog).to_contain_text("8 of 12 messages were answered within 24 hours (67%).")
    expect(dialog.get_by_role("heading", name="Ana")).to_be_focused()
    received = dialog.get_by_role("table", name="Messages from the customer by weekday and hour")
    expect(received.get_by_role("row", name=re.compile("^Fri( 0){14} 8"))).to_have_count(1)
    answered = dialog.get_by_role("table", name="Messages from the Page that were answered")
    expect(answered.get_by_role("cell", name="8 of 12 answered")).to_have_count(4)  # with the sums
    assert is_accessible(tab, violations_of_both_schemes)


def test_contact_card_of_few_messages_says_so(log_in, rows):
    tab = opened(log_in, rows[0], "viewer")
    choose(tab, "Contact", of="#conversation")
    dialog = tab.get_by_role("dialog", name="Contact")
    expect(dialog).to_contain_text("Not enough yet: 1 of 10 messages.")
    expect(dialog).to_contain_text("Not enough yet: 0 of 10 messages.")
    expect(dialog.get_by_role("table")).to_have_count(0)
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)


def test_history_is_shown_and_undone(log_in, rows, size):
    tag_conversations([rows[0].pk], [TagFactory(name="VIP")], actor=None)
    tab = opened(log_in, rows[0], "tagger", **size)
    choose(tab, "History", of="#conversation")
    dialog = tab.get_by_role("dialog", name="History")
    expect(dialog).to_contain_text("The system tagged VIP")
    assert is_accessible(tab)
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog).to_contain_text("removed the tag VIP")
    assert not rows[0].tag_rows.exists()


def test_own_changes_of_many_are_undone(log_in, rows, size):
    tab = log_in("tagger", "/", **size)
    expect(tab.locator("#total")).to_have_text("3")
    for row in tab.get_by_role("checkbox", name=re.compile("Select")).all()[:2]:
        row.check(force=True)
    tab.locator("#selection").get_by_role("button", name="Done").click()
    expect(tab.get_by_text("Marked as done: 2 conversations.")).to_be_visible()
    choose(tab, "My changes")
    dialog = tab.get_by_role("dialog", name="My changes")
    expect(dialog).to_contain_text("Marked as done: 2 conversations")
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog).to_contain_text("Marked as done: 2 conversations (undone)")
    assert not Conversation.objects.filter(conversation_status="done").exists()


def test_person_is_deleted_after_a_typed_confirmation(log_in, rows, size, wrong):
    tab = opened(log_in, rows[1], **size)
    choose(tab, "Delete this person …", of="#conversation")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_contain_text("Ben is deleted for good, with 1 message")
    assert is_accessible(tab)
    field, button = dialog.get_by_label("Type delete to confirm"), dialog.get_by_role("button", name="Delete")
    field.fill("yes")
    button.click()
    expect(dialog.get_by_role("alert")).to_have_text("Type delete to confirm.")
    assert Conversation.objects.filter(pk=rows[1].pk).exists()
    field.fill("Delete")
    button.click()
    expect(tab.get_by_text("The person was deleted.")).to_be_visible()
    expect(tab.locator("#total")).to_have_text("2")
    assert not Conversation.objects.filter(pk=rows[1].pk).exists()
    wrong.clear()  # the open conversation may be asked for a last time


def test_viewers_are_not_offered_what_they_may_not_do(log_in, rows):
    tab = opened(log_in, rows[0], "viewer")
    tab.locator("#conversation").get_by_role("button", name="More", exact=True).click()
    expect(tab.get_by_role("menuitem")).to_have_text(
        ["Contact", "History", "Open at Facebook", "Export messages …"]
    )


def test_menu_works_with_the_keyboard(log_in, rows):
    tab = opened(log_in, rows[0], "manager")
    more = tab.locator("#conversation").get_by_role("button", name="More", exact=True)
    expect(more).to_be_enabled()
    more.focus()
    tab.keyboard.press("Enter")
    expect(tab.get_by_role("menuitem", name="Assign to …")).to_be_focused()
    assert is_accessible(tab)
    tab.keyboard.press("ArrowUp")
    expect(tab.get_by_role("menuitem", name="Delete this person …")).to_be_focused()
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Escape")
    expect(tab.get_by_role("menu")).to_have_count(0)
    expect(tab.locator("#conversation").get_by_role("button", name="More", exact=True)).to_be_focused()
    for key in ("Enter", "ArrowDown", "ArrowDown", "ArrowDown", "Enter"):
        tab.keyboard.press(key)
    expect(tab.get_by_role("dialog", name="Contact")).to_be_visible()


def test_refusal_of_facebook_is_shown(log_in, rows, page, wrong):
    page.set_reconnect("The token has ended.")
    page.save()
    tab = opened(log_in, rows[0], "viewer")
    with tab.context.expect_page() as other:
        choose(tab, "Open at Facebook", of="#conversation")
    expect(tab.get_by_role("alert")).to_contain_text("Reconnect needed")
    assert other.value.is_closed() or other.value.url == "about:blank"
    wrong.clear()  # the 409


def test_menus_wait_for_the_pages_whose_roles_decide_what_they_offer(log_in, rows):
    held: list[Route] = []
    tab = log_in("manager")
    tab.route("**/api/pages", lambda route: held.append(route))
    tab.goto(f"/?conversation={rows[0].pk}")
    expect(tab.locator("#events")).to_contain_text("Hello from")
    panes = [tab.locator("#list"), tab.locator("#conversation")]
    menus = [pane.get_by_role("button", name="More", exact=True) for pane in panes]
    for menu in menus:
        expect(menu).to_be_disabled()
    element = menus[1].element_handle()
    wait_for_held(tab, held).continue_()
    for menu in menus:
        expect(menu).to_be_enabled()
    # It has not become "Mark as done", which comes before it.
    assert element.get_attribute("aria-label") == "More"
    choose(tab, "My changes")
    dialog = tab.get_by_role("dialog")
    expect(dialog).to_be_visible()
    tab.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    choose(tab, "Delete this person …", of="#conversation")
    expect(dialog).to_be_visible()
