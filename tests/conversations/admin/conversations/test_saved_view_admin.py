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
    query = {"exclude_tags": str(tag.pk), "status": "done", "untagged": "true"}
    assert form.initial["query"] == query
    data = {"name": "Done", "page": page.pk, "query": '{"status": "done", "untagged": "true"}'}
    assert client.post(f"{VIEWS}add/", data).status_code == 302
    view = SavedView.objects.get()
    assert (view.owner, view.page, view.query["status"]) == (client.user, page, "done")
    text = client.get(VIEWS).content.decode()
    urls = set(re.findall(rf'href="({LIST}[^"]*status=done[^"]*)"', text))
    [url] = urls  # in the list of views and in the sidebar
    shown = client.get(url.replace("&amp;", "&")).context["cl"].result_list
    assert [str(row) for row in shown] == ["Ana"]


def test_form_names_the_invalid_filter(staff):
    client = staff("viewer")
    for query, text in (('{"status": "open"}', "status"), ('{"limit": "3"}', "parameters of the list")):
        response = client.post(f"{VIEWS}add/", {"name": "Done", "query": query})
        assert text in str(response.context["adminform"].form.errors["query"])
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "query",
    ['{"include_tags": ["\\ud800"]}', '{"search": "\\u0000"}', "[" * 100_000, '{"search": NaN}', "{", "[]"],
)
def test_a_filter_that_is_no_filter_is_refused_in_words(staff, query):
    response = staff("viewer").post(f"{VIEWS}add/", {"name": "Done", "query": query})
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["query"]
    assert not SavedView.objects.exists()


def test_shared_views_of_others_are_visible_but_not_editable(page, staff):
    anna, ben = staff("viewer"), staff("manager")
    mine = SavedView.objects.create(name="mine", owner=anna.user, page=page)
    shared = SavedView.objects.create(name="shared", owner=anna.user, page=page, is_shared=True)
    text = ben.get(VIEWS).content.decode()
    assert "shared" in text
    assert ">mine<" not in text
    assert ben.post(f"{VIEWS}{shared.pk}/change/", {"name": "new", "query": "{}"}).status_code == 403
    assert ben.get(f"{VIEWS}{mine.pk}/change/").status_code == 302
    assert anna.post(f"{VIEWS}{mine.pk}/change/", {"name": "new", "query": "{}"}).status_code == 302


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
    form = {"name": "Late", "is_shared": "on", "query": "{}"}
    for browser, expected in ((staff("manager"), 200), (root, 302)):
        assert browser.post(f"{VIEWS}add/", form).status_code == expected
