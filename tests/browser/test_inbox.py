"""The inbox page: search, filters, tags, statuses and the conversation."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from conversations.actions.bulk_operations import start_tagging
from conversations.actions.bulk_tasks import request_work
from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.actions.targets import targets_by_id
from conversations.lib.locks import operations_lock
from conversations.models import Conversation, ConversationTag, Page, PageMember, SavedView
from conversations.sandbox.data import media
from tests.browser.conftest import PASSWORD
from tests.factories import ConversationFactory, EventFactory, TagFactory

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"


def names(tab: Tab) -> list[str]:
    return tab.locator("#rows .name").all_inner_texts()


def total(tab: Tab, number: str) -> None:
    expect(tab.locator("#total")).to_have_text(number)


@pytest.fixture
def orders(page):
    """60 orders, of which two are solved and one is unread, and 5 other conversations."""
    order, solved, _ = TagFactory(name="Order"), TagFactory(name="Solved"), TagFactory(name="VIP")
    for number in range(5):
        ConversationFactory(page=page, sender_name=f"Guest {number}")
    rows = [
        ConversationFactory(page=page, sender_name=f"Buyer {number}", unread_count=number == 7).pk
        for number in range(60)
    ]
    tag_conversations(rows, [order], actor=None)
    tag_conversations(rows[:2], [solved], actor=None)
    return rows


def test_filters_are_in_the_address_and_can_be_saved_as_a_view(log_in, orders):
    tab = log_in("tagger", "/")
    total(tab, "65")
    tab.get_by_label("Search", exact=True).press_sequentially("buyer 5")
    total(tab, "11")  # 5, and 50 to 59
    assert tab.url.endswith("/?search=buyer+5&search_in=all")
    assert names(tab)[0] == "Buyer 59"
    tab.go_back()
    total(tab, "65")

    tab.get_by_role("button", name=re.compile("^Order, 60 conversations")).click()
    tab.get_by_role("button", name=re.compile("^Solved, 2 conversations")).dblclick()
    total(tab, "58")
    assert tab.url.endswith("/?include_tags=order&exclude_tags=solved")
    tab.get_by_role("button", name=re.compile("^VIP")).click()
    tab.get_by_role("button", name="Match all").click()
    expect(tab.get_by_text("No results")).to_be_visible()
    tab.get_by_role("button", name="Remove filter: VIP").click()
    tab.get_by_role("button", name="More filters").click()
    tab.get_by_label("Unread", exact=True).select_option("Unread")
    total(tab, "1")
    assert names(tab) == ["Buyer 7"]

    tab.get_by_role("button", name="Save as view").click()
    tab.get_by_label("Name").fill("Fresh orders")
    tab.get_by_role("button", name="Save", exact=True).click()
    expect(tab.get_by_role("link", name="Fresh orders")).to_have_attribute("aria-current", "page")
    query = SavedView.objects.get().query
    assert query == {"unread": "true", "include_tags": "order", "exclude_tags": "solved"}
    link = tab.url
    tab.get_by_role("link", name=re.compile("^All")).click()
    total(tab, "65")
    tab.locator("#scroller").evaluate("scroller => scroller.scrollTop = 1500")
    tab.wait_for_function("() => history.state?.top === 1500")
    tab.get_by_role("link", name=re.compile("^Untagged")).click()
    total(tab, "5")
    tab.go_back()
    total(tab, "65")
    tab.wait_for_function("() => document.getElementById('scroller').scrollTop === 1500")
    tab.goto(link)
    expect(tab.get_by_role("heading", name="Fresh orders")).to_be_visible()
    total(tab, "1")


def test_search_in_messages_opens_the_matching_message(log_in, page):
    row = ConversationFactory(page=page, sender_name="Ana")
    asked_at = datetime(2023, 6, 1, tzinfo=UTC)
    EventFactory(conversation=row, text="Where is the Umbrella I paid for?", occurred_at=asked_at)
    EventFactory.create_batch(120, conversation=row)
    tab = log_in("viewer", "/?search_in=messages")
    tab.get_by_label("Search", exact=True).press_sequentially("um")
    expect(tab.locator("#list-state").get_by_text("Enter at least three characters.")).to_be_visible()
    tab.get_by_label("Search", exact=True).press_sequentially("brella")
    expect(tab.locator("#rows mark")).to_have_text("Umbrella")
    expect(tab.locator("#rows time")).to_have_text("1 Jun 2023")
    tab.get_by_role("link", name=re.compile("^Ana")).click()
    expect(tab.locator(".message.match")).to_be_in_viewport()
    expect(tab.locator(".message.match mark")).to_have_text("Umbrella")


def tagged(name: str) -> set[int]:
    return set(ConversationTag.objects.filter(tag__name=name).values_list("conversation", flat=True))


def pick(tab: Tab, name: str) -> None:
    tab.get_by_role("dialog").get_by_role("combobox").fill(name)
    tab.get_by_role("option", name=name).first.click()


def test_selected_and_all_conversations_are_tagged_and_undone(log_in, orders):
    tab = log_in("tagger", "/?include_tags=order&exclude_tags=solved")
    total(tab, "58")
    tab.get_by_role("checkbox", name="Select Buyer 59").check(force=True)
    tab.get_by_role("checkbox", name="Select Buyer 56").click(modifiers=["Shift"], force=True)
    expect(tab.get_by_text("4 selected")).to_be_visible()
    tab.get_by_role("button", name="Add tag", exact=True).click()
    pick(tab, "VIP")
    expect(tab.get_by_text("VIP: Tagged 4 conversations.")).to_be_visible()
    assert tagged("VIP") == set(orders[56:])
    tab.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Restored 4 conversations.")).to_be_visible()
    expect(tab.locator("#rows .tag", has_text="VIP")).to_have_count(0)
    assert tagged("VIP") == set()

    tab.get_by_role("checkbox", name="Select Buyer 59").check(force=True)
    tab.get_by_role("button", name="Select all 58 conversations").click()
    tab.get_by_role("button", name="Add tag", exact=True).click()
    tab.get_by_role("dialog").get_by_role("combobox").fill("Spring sale")
    tab.get_by_role("option", name="New tag “Spring sale”").click()
    tab.get_by_label("Pink").check(force=True)
    tab.get_by_role("button", name="Create").click()
    expect(tab.get_by_text("Add “Spring sale” to 58 conversations? You can undo this.")).to_be_visible()
    assert tagged("Spring sale") == set()  # not before the confirmation
    tab.get_by_role("button", name="Tag 58").click()
    expect(tab.get_by_text("Spring sale: Tagged 58 conversations.")).to_be_visible()
    assert tagged("Spring sale") == set(orders[2:])
    expect(tab.get_by_role("button", name=re.compile("^Spring sale, 58 conversations"))).to_be_visible()


def done() -> set[int]:
    return set(Conversation.objects.filter(conversation_status="done").values_list("pk", flat=True))


def test_operation_in_slices_and_views_that_are_not_valid_are_shown_after_a_reload(log_in, orders):
    tab = log_in("tagger", "/")
    total(tab, "65")
    user = User.objects.get(username="anna-tagger")
    view = SavedView.objects.create(name="Old view", owner=user, query={"status": "odd"})
    with operations_lock() as lock:  # or a worker would do it at once
        assert lock.is_acquired
        start_tagging("assign", targets_by_id(orders), [TagFactory(name="Late")], actor=user)
        tab.reload()
        toasts = tab.locator("#toasts")
        expect(toasts).to_contain_text("Queued: 60 conversations.")
        expect(toasts.get_by_role("progressbar")).to_be_visible()
        expect(tab.locator("#saved")).to_contain_text("Not valid any more: status")
    request_work()
    expect(toasts).to_contain_text("Tagged 60 conversations.")
    toasts.get_by_role("button", name="Undo").click()
    expect(toasts).to_contain_text("Restored 60 conversations.")
    tab.get_by_role("button", name="Delete the view Old view").click()
    tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(tab.locator("#saved")).to_be_hidden()
    assert not SavedView.objects.filter(pk=view.pk).exists()


def test_selected_and_all_conversations_are_marked_as_done_and_undone(log_in, orders):
    set_status(orders[59:], "done", actor=None)
    tab = log_in("tagger", "/?include_tags=order&exclude_tags=solved")
    total(tab, "58")
    tab.get_by_role("checkbox", name="Select Buyer 58").check(force=True)
    tab.get_by_role("checkbox", name="Select Buyer 57").check(force=True)
    tab.get_by_role("button", name="Done", exact=True).click()
    expect(tab.get_by_text("Marked as done: 2 conversations.")).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(3)
    assert done() == set(orders[57:])

    tab.get_by_role("checkbox", name="Select Buyer 56").check(force=True)
    tab.get_by_role("button", name="Select all 58 conversations").click()
    tab.get_by_role("button", name="Reopen", exact=True).click()  # the first one is done
    expect(tab.get_by_text("Reopen 3 of 58 conversations? You can undo this.")).to_be_visible()
    tab.get_by_role("button", name="Cancel").click()
    assert done() == set(orders[57:])
    expect(tab.get_by_text("All 58 conversations that match")).to_be_visible()
    tab.keyboard.press("Control+k")
    pick(tab, "Mark as done")
    with tab.expect_response("**/bulk-status"):
        tab.get_by_role("button", name="Mark 55 as done").click()
    expect(tab.get_by_text("Marked as done: 55 conversations.")).to_be_visible()
    assert done() == set(orders[2:])
    toast = tab.locator(".toast", has_text="55 conversations")
    toast.get_by_role("button", name="Undo").click()
    expect(tab.get_by_text("Restored 55 conversations.")).to_be_visible()
    expect(tab.locator("#rows .state")).to_have_count(3)
    assert done() == set(orders[57:])  # those that were done before stay done


def test_two_users_see_the_changes_of_each_other(log_in, orders):
    anna, bert = (log_in(role, "/?untagged=true") for role in ("tagger", "manager"))
    for tab in (anna, bert):
        total(tab, "5")
    anna.locator("#rows a").first.click()
    anna.get_by_role("button", name="+ Tag").click()
    pick(anna, "VIP")
    bert.locator("#rows a").nth(1).click()
    bert.get_by_role("button", name="Mark as done").click()
    for tab in (anna, bert):
        total(tab, "4")
        expect(tab.locator("#rows .state")).to_have_count(1)
        assert names(tab) == ["Guest 3", "Guest 2", "Guest 1", "Guest 0"]
    expect(anna.get_by_text("tagged VIP")).to_be_visible()
    bert.get_by_role("button", name="Undo").click()
    expect(anna.locator("#rows .state")).to_have_count(0)


def test_data_of_facebook_is_shown_as_text_and_viewers_have_no_buttons(log_in, page):
    row = ConversationFactory(page=page, sender_name=HOSTILE, last_message=HOSTILE)
    TagFactory(name=HOSTILE)
    bad = {"attachments": [{"name": HOSTILE, "file_url": "javascript:alert(1)"}]}
    EventFactory(conversation=row, text=HOSTILE, **bad)
    picture = EventFactory(conversation=row, text="", **media.image(7))
    tab = log_in("viewer", f"/?conversation={row.pk}")
    expect(tab.locator(".bubble", has_text=HOSTILE).first).to_be_visible()
    link = f"/api/conversations/{row.pk}/events/{picture.pk}/attachments/0"
    expect(tab.get_by_role("link", name="image-7")).to_have_attribute("href", link)
    assert tab.locator("main img, main a[href^=javascript]").count() == 0
    assert "hacked" not in tab.title()
    for name in ("Mark as", "+ Tag", "Sync now", "New tag", "Remove"):
        expect(tab.get_by_role("button", name=name)).to_have_count(0)
    tab.get_by_role("checkbox", name=re.compile("^Select")).check(force=True)
    expect(tab.get_by_role("button", name="Add tag", exact=True)).to_have_count(0)


def end_session(route) -> None:
    """End the session during this request: any other would redirect to the login from another address."""
    Session.objects.all().delete()
    connection.close()  # Playwright calls this in a greenlet, which has its own connection
    route.continue_()


def test_expired_session_redirects_to_the_login_and_back_to_the_same_address(log_in, orders, wrong):
    tab = log_in("tagger", "/?search=guest")
    total(tab, "5")
    tab.route("**/api/conversations?*include_tags=order*", end_session, times=1)
    tab.get_by_role("button", name=re.compile("^Order")).click()
    tab.get_by_label("Username").fill("anna-tagger")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()
    expect(tab.get_by_text("No results")).to_be_visible()
    assert tab.url.endswith("/?include_tags=order&search=guest")
    assert {text.split()[0] for text in wrong} <= {"401", "Failed"}
    wrong.clear()


@pytest.mark.parametrize("place", ["inbox", "admin", "another browser"])
def test_other_tabs_leave_the_screen_when_the_user_logs_out(log_in, orders, wrong, place):
    """The inbox page, also in a hidden tab, the admin and the pages of the account."""
    tab = log_in("tagger", "/")
    total(tab, "65")
    others = [tab.context.new_page() for _ in range(3)]
    for other, address in zip(others, ["/", "/admin/", "/account/sessions"], strict=True):
        other.goto(address)
    expect(others[0].locator("#rows a").first).to_be_visible()
    if place == "inbox":
        tab.get_by_role("button", name="Log out").click()
    elif place == "admin":
        others[1].evaluate("document.querySelector('form[action=\"/logout\"], #logout-form').submit()")
    else:
        Session.objects.all().delete()
        connection.close()
    for other in [tab, *others]:
        expect(other.get_by_label("Username")).to_be_visible()
        assert "/login" in other.url
    assert tab.request.get("/api/pages").status == 401
    wrong.clear()  # requests that were running when the session ended


def test_failed_requests_show_a_message_and_are_reverted(log_in, orders, wrong):
    tab = log_in("tagger", "/?untagged=true")
    total(tab, "5")
    refusal = {"status": 409, "json": {"error": "Someone was faster."}}
    tab.route("**/bulk-tags", lambda route: route.fulfill(**refusal))
    tab.locator("#rows a").first.click()
    with tab.expect_response("**/bulk-tags"):
        tab.get_by_role("button", name="+ Tag").click()
        pick(tab, "VIP")
    expect(tab.get_by_text("Someone was faster.")).to_be_visible()
    expect(tab.locator("#conversation-head .tag")).to_have_count(0)
    tab.goto("/?startDate=yesterday")
    expect(tab.get_by_text("is not a date")).to_be_visible()
    tab.get_by_role("button", name="Clear filters").click()
    total(tab, "65")
    tab.route("**/api/conversations?*", lambda route: route.abort())
    tab.get_by_label("Search", exact=True).fill("guest")
    expect(tab.get_by_text("Can't reach the server.")).to_be_visible()
    tab.unroute("**/api/conversations?*")
    tab.get_by_role("button", name="Try again").click()
    total(tab, "5")
    wrong.clear()


def test_users_without_a_page_see_what_to_do(log_in, page):
    tab = log_in("viewer", "/")
    expect(tab.get_by_text("once a manager of the Page has synced it")).to_be_visible()
    PageMember.objects.all().delete()
    tab.reload()
    expect(tab.get_by_text("Ask an administrator of this Inbox to give you a role on a Page")).to_be_visible()
    Page.objects.all().delete()
    User.objects.update(is_superuser=True)
    tab.reload()
    expect(tab.get_by_text("No Page is connected yet")).to_be_visible()
    expect(tab.get_by_role("link", name="Connect a Page")).to_be_visible()


def test_both_pages_show_the_same_times_and_attachments(log_in, page):
    # 17 May, 12:00 UTC is the morning of that day in New York, and 03:00 UTC is the evening before.
    early = datetime(2024, 5, 17, 3, tzinfo=UTC)
    ConversationFactory(page=page, sender_name="Ben", last_message_time=early)
    row = ConversationFactory(page=page, sender_name="Ana", last_message_time=early + timedelta(hours=9))
    for make in (media.image, media.file, media.template, media.sticker, media.share, media.unsupported):
        fields = make(7)
        EventFactory(conversation=row, text="", attachments=fields.pop("attachments", []), data=fields)
    untyped = {"image_data": {"url": "https://cdn.example/a.jpg"}, "name": "without-type"}
    EventFactory(conversation=row, text="", attachments=[untyped])
    tab = log_in("manager", "/?startDate=2024-05-17&endDate=2024-05-17", timezone_id="America/New_York")
    total(tab, "1")
    expect(tab.locator("#rows .name")).to_have_text(["Ana"])
    expect(tab.locator("#time-zone")).to_have_text("Times in America/New_York")
    tab.goto("/admin/conversations/conversation/?date_from=2024-05-16&date_to=2024-05-16")
    expect(tab.locator(".inbox-time-zone")).to_have_text("Times in America/New_York")
    expect(tab.locator("#result_list tbody tr")).to_have_count(1)
    expect(tab.locator("#result_list tbody tr")).to_contain_text("Ben")
    expect(tab.locator("#result_list time")).to_have_attribute("datetime", "2024-05-16T23:00:00-04:00")
    tab.goto(f"/?conversation={row.pk}")
    expect(tab.locator(".attachment")).to_have_count(7)
    kinds = tab.locator(".attachment b").all_text_contents()
    names = tab.locator(".attachment bdi").all_text_contents()
    assert ("Image", "without-type") in zip(kinds, names, strict=True)
    tab.goto(f"/admin/conversations/conversation/{row.pk}/change/")
    assert tab.locator(".inbox-kind").all_text_contents() == kinds
    shown = tab.locator(".inbox-attachment").all_text_contents()
    assert all(name in text for name, text in zip(names, shown, strict=True) if name != "open")
