"""Saved replies in the admin: as in REST, made by taggers and changed by makers and managers."""

import pytest

from conversations.models import SavedReply
from tests.factories import PageFactory

REPLIES = "/admin/conversations/savedreply/"


def make(client, **fields):
    return client.post(f"{REPLIES}add/", {"name": "Hello", "text": "Hi {first_name}", **fields})


def test_a_tagger_makes_a_reply_and_managers_change_it(page, staff):
    anna, ben, boss = staff("tagger"), staff("tagger"), staff("manager")
    assert make(anna, page=page.pk, shortcut="/Hi").status_code == 302
    reply = SavedReply.objects.get()
    assert (reply.maker, reply.page, reply.shortcut) == (anna.user, page, "hi")
    change = f"{REPLIES}{reply.pk}/change/"
    fields = {"name": "Hello", "text": "New", "page": page.pk}
    assert ben.post(change, fields).status_code == 403
    for client in (anna, boss):
        assert client.post(change, fields).status_code == 302
    text = ben.get(REPLIES).content.decode()
    assert all(word in text for word in ("Hello", "New", page.name, anna.user.username))
    assert make(staff("viewer")).status_code == 403
    assert boss.post(f"{REPLIES}{reply.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not SavedReply.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("text", "Hi {name}"), ("text", ""), ("shortcut", "two words"), ("name", "\x07"), ("name", " hELLO")],
)
def test_form_names_what_is_wrong(page, staff, field, value):
    client = staff("tagger")
    make(client, page=page.pk)
    response = make(client, page=page.pk, **{"name": "Other", field: value})
    assert list(response.context["adminform"].form.errors) == [field]


def test_a_page_without_the_role_cannot_be_chosen(page, staff):
    response = make(staff("tagger"), page=PageFactory().pk)
    assert list(response.context["adminform"].form.errors) == ["page"]


def test_replies_are_found_and_the_list_takes_as_many_statements(page, staff, django_assert_max_num_queries):
    client = staff("viewer")
    for number in range(3):
        SavedReply.objects.create(name=f"Öl {number}", text="x" * 200, page=page if number else None)
    SavedReply.objects.create(name="Öl of others", text="Hi", page=PageFactory())
    with django_assert_max_num_queries(9):
        rows = client.get(REPLIES, {"q": "ÖL"}).context["cl"].result_list
    assert [reply.name for reply in rows] == ["Öl 0", "Öl 1", "Öl 2"]
