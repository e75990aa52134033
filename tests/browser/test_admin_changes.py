"""Open pages of the admin follow what others change elsewhere."""

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from conversations.actions.tagging import tag_conversations
from conversations.lib.notify import notify_changes
from conversations.privacy.forget_person import delete_person
from tags.models import Tag, change_tag
from tests.factories import ConversationFactory, TagFactory, api, superuser

LIST = "/admin/conversations/conversation/"
CHANGED = "This page has changed since you opened it."


@pytest.fixture
def customers(page):
    rows = [ConversationFactory(page=page, sender_name=name) for name in ("Ana", "Ben", "Cleo")]
    tag_conversations([row.pk for row in rows], [TagFactory(name="VIP")], actor=None)
    return rows


def test_list_and_menu_are_replaced_and_rows_stay_selected(log_in, page, customers):
    tab = log_in("manager", LIST)
    ben = tab.get_by_role("row").filter(has_text="Ben")
    ben.get_by_role("checkbox").check()
    change_tag(customers[0].tag_rows.get().tag, name="Gold")
    expect(tab.locator("#result_list .inbox-chip").first).to_have_text("Gold")
    expect(tab.get_by_text(CHANGED)).to_be_visible()  # the filters have the name, too
    tab.get_by_role("button", name="Reload").click()
    expect(tab.get_by_text(CHANGED)).to_have_count(0)
    ben.get_by_role("checkbox").check()
    delete_person(customers[0], actor=None)
    expect(tab.locator("#result_list .inbox-name")).to_have_text(["Cleo", "Ben"])
    expect(ben.get_by_role("checkbox")).to_be_checked()
    expect(tab.get_by_text(CHANGED)).to_have_count(0)
    api(superuser()).post("/api/views", {"name": "Late ones", "shared": True}, format="json")
    expect(tab.get_by_role("link", name="Late ones")).to_be_visible()
    expect(tab.get_by_text(CHANGED)).to_have_count(0)


def test_other_lists_are_replaced_and_forms_get_a_notice(log_in, page, customers):
    tab = log_in("manager", "/admin/tags/tag/")
    change_tag(customers[0].tag_rows.get().tag, name="Gold")
    expect(tab.locator("#result_list")).to_contain_text("Gold")
    expect(tab.get_by_text(CHANGED)).to_have_count(0)
    tab.goto("/admin/conversations/savedview/add/")
    tab.get_by_label("Name").fill("Mine")
    page.name = "Renamed Shop"
    page.save()
    notify_changes([page.pk])
    expect(tab.get_by_text(CHANGED)).to_be_visible()
    expect(tab.get_by_label("Name")).to_have_value("Mine")


def test_counts_and_neighbors_follow_without_a_notice(log_in, page, customers):
    tab = log_in("manager", f"/admin/conversations/page/{page.pk}/change/")
    count, other = tab.locator("[data-live=conversations]"), tab.context.new_page()
    other.goto(f"{LIST}{customers[0].pk}/change/")
    expect(count).to_have_text("3")
    expect(other.locator("[data-live=adjacent]")).not_to_contain_text("Dora")
    ConversationFactory(page=page, sender_name="Dora", last_message_time=customers[0].last_message_time)
    notify_changes([page.pk])
    expect(count).to_have_text("4")
    other.bring_to_front()
    expect(other.locator("[data-live=adjacent]")).to_contain_text("Dora")
    for each in (tab, other):
        expect(each.get_by_text(CHANGED)).to_have_count(0)


def test_deleted_person_leaves_the_screen(log_in, page, customers, wrong):
    tab = log_in("viewer", f"{LIST}{customers[0].pk}/change/")
    expect(tab.get_by_text("Ana").first).to_be_visible()
    delete_person(customers[0], actor=None)
    expect(tab.get_by_text("Ana")).to_have_count(0)
    wrong.clear()  # the page is not there any more


def test_form_on_its_way_is_not_cancelled_by_what_it_changes(log_in, page, wrong):
    old, other = TagFactory(name="Old"), TagFactory(name="Other")
    tab, on_its_way = log_in("manager"), []
    User.objects.filter(username="anna-manager").update(is_superuser=True)
    tab.goto(f"/admin/tags/tag/{old.pk}/delete/")
    second = tab.context.new_page()
    second.goto(f"/admin/tags/tag/{other.pk}/delete/")
    tab.route("**/delete/", lambda route: on_its_way.append(route))
    with tab.expect_request("**/delete/"):
        tab.get_by_role("button", name="Yes").click(no_wait_after=True)
    Tag.objects.all().delete()
    notify_changes([page.pk])
    expect(second.get_by_text("Other")).to_have_count(0)  # loaded again: the first one must not be
    assert len(on_its_way) == 1
    wrong.clear()  # neither tag is there any more
