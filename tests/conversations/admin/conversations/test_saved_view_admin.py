"""Saved views are created from the filtered list and link back to it."""

import re

import pytest

from conversations.models import SavedView
from tests.factories import ConversationFactory, TagFactory

VIEWS = "/admin/conversations/savedview/"
LIST = "/admin/conversations/conversation/"


def test_filtered_list_is_saved_as_a_view_and_opened_again(page, staff):
    tag = TagFactory(name="VIP")
    for name, status in (("Ana", "done"), ("Ben", "active")):
        ConversationFactory(page=page, sender_name=name, conversation_status=status)
    client = staff("viewer")
    filters = {"exclude_tags": [tag.pk], "status": "done", "tagging": "untagged", "page": page.pk}
    text = client.get(LIST, filters).content.decode()
    [url] = re.findall(rf'href="({VIEWS}add/[^"]+)"', text)
    form = client.get(url.replace("&amp;", "&")).context["adminform"].form
    filled = {"exclude_tags": [tag.slug], "status": "done", "untagged": "true"}
    assert {name: form.initial[name] for name in filled} == filled
    data = {"name": "Done", "page": page.pk, **filled}
    assert client.post(f"{VIEWS}add/", data).status_code == 302
    view = SavedView.objects.get()
    assert (view.owner, view.page) == (client.user, page)
    assert view.query == {"exclude_tags": "vip", "status": "done", "untagged": "true"}
    text = client.get(VIEWS).content.decode()
    urls = set(re.findall(rf'href="({LIST}[^"]*status=done[^"]*)"', text))
    [url] = urls  # in the list of views and in the sidebar
    shown = client.get(url.replace("&amp;", "&")).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ana"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "open"),
        ("endDate", "soon"),
        ("tz", "Mars/Olympus"),
        ("search", "x" * 201),
        ("include_tags", ["nothing"]),
        ("ad_id", "\0"),
    ],
)
def test_form_names_the_invalid_part_of_the_filter(staff, field, value):
    response = staff("viewer").post(f"{VIEWS}add/", {"name": "Done", field: value})
    assert response.status_code in (200, 400)
    if response.status_code == 200:
        assert field in response.context["adminform"].form.errors
    assert not SavedView.objects.exists()


def test_filters_are_shown_in_words(page, staff, django_assert_num_queries):
    client, tags = staff("viewer"), [TagFactory(name="VIP"), TagFactory(name="Late")]
    queries = {
        "“boat” in all messages, Needs reply (over 24 h), from 2024-01-01 (Europe/Berlin)": {
            "search": "boat", "search_in": "messages", "waiting": "1", "startDate": "2024-01-01",
            "tz": "Europe/Berlin",
        },
        "VIP and Late, without old (deleted tag), Read, Done, Messenger, ad 7": {
            "include_tags": f"vip,{tags[1].pk}", "include_mode": "all", "exclude_tags": "old",
            "unread": "false", "status": "done", "platform": "messenger", "ad_id": "7",
        },
        "Unread, Customer wrote last, With image": {
            "q": "is:unread has:photo", "last_message_from": "customer",
        },
        "Answered last by the Page, Without attachments": {
            "last_message_from": "page", "has_attachment": "0",
        },
        "All conversations": {},
    }  # fmt: skip
    for number, query in enumerate(queries.values()):
        SavedView.objects.create(name=f"V{number}", owner=client.user, query=query)
    with django_assert_num_queries(9):
        text = client.get(VIEWS).content.decode()
    assert all(words in text for words in queries)
    assert "include_tags =" not in text


def test_form_keeps_what_it_shows(page, staff):
    client, tag = staff("viewer"), TagFactory(name="VIP")
    query = {"include_tags": [tag.pk, "gone"], "unread": True, "startDate": "2024-01-01T10:00:00Z"}
    view = SavedView.objects.create(name="Old", owner=client.user, query=query)
    url = f"{VIEWS}{view.pk}/change/"
    initial = client.get(url).context["adminform"].form.initial
    sent = {name: value for name, value in initial.items() if value not in (None, False, "")}
    assert client.post(url, {**sent, "name": "New"}).status_code == 302
    view.refresh_from_db()
    assert (view.name, view.query) == (
        "New", {"include_tags": "vip,gone", "unread": "true", "startDate": "2024-01-01T10:00:00Z"},
    )  # fmt: skip


def test_view_of_typed_words_is_opened_and_edited(page, staff):
    for name, count in (("Ana", 1), ("Ben", 0)):
        ConversationFactory(page=page, sender_name=name, unread_count=count, attachment_kinds=1)
    client = staff("viewer")
    view = SavedView.objects.create(name="Typed", owner=client.user, query={"q": "is:unread has:photo"})
    [url] = set(re.findall(rf'href="({LIST}[^"]*unread=true[^"]*)"', client.get(VIEWS).content.decode()))
    shown = client.get(url.replace("&amp;", "&")).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ana"]
    change = f"{VIEWS}{view.pk}/change/"
    initial = client.get(change).context["adminform"].form.initial
    sent = {name: value for name, value in initial.items() if value not in (None, False, "")}
    assert client.post(change, {**sent, "last_message_from": "page"}).status_code == 302
    view.refresh_from_db()
    assert view.query == {"unread": "true", "has_attachment": "image", "last_message_from": "page"}


def test_who_may_not_change_a_view_reads_its_filter(page, staff):
    anna, ben = staff("viewer"), staff("viewer")
    view = SavedView.objects.create(
        name="shared", owner=anna.user, page=page, is_shared=True, query={"unread": "true"}
    )
    text = ben.get(f"{VIEWS}{view.pk}/change/").content.decode()
    assert "Unread" in text
    assert "startDate" not in text


def test_shared_views_of_others_are_visible_but_not_editable(page, staff):
    anna, ben = staff("viewer"), staff("manager")
    mine = SavedView.objects.create(name="mine", owner=anna.user, page=page)
    shared = SavedView.objects.create(name="shared", owner=anna.user, page=page, is_shared=True)
    text = ben.get(VIEWS).content.decode()
    assert "shared" in text
    assert ">mine<" not in text
    assert ben.post(f"{VIEWS}{shared.pk}/change/", {"name": "new"}).status_code == 403
    assert ben.get(f"{VIEWS}{mine.pk}/change/").status_code == 302
    assert anna.post(f"{VIEWS}{mine.pk}/change/", {"name": "new"}).status_code == 302


@pytest.mark.parametrize(
    "query", [{"include_tags": [1, 2]}, {"include_tags": {"a": 1}}, ["vip"], {"nonsense": 1}]
)
def test_a_row_of_somebody_breaks_no_page_of_others(page, staff, query):
    anna, ben = staff("viewer"), staff("viewer")
    SavedView.objects.create(name="odd", owner=anna.user, page=page, is_shared=True, query=query)
    is_usable = query == {"include_tags": [1, 2]}
    for browser in (anna, ben):
        shown = browser.get("/admin/conversations/conversation/").content.decode()
        assert ("odd" in shown) is is_usable
        assert ("Not valid" in browser.get(VIEWS).content.decode()) is not is_usable


def test_only_superusers_share_with_everyone(page, staff, root):
    form = {"name": "Late", "is_shared": "on"}
    for browser, expected in ((staff("manager"), 200), (root, 302)):
        assert browser.post(f"{VIEWS}add/", form).status_code == expected
