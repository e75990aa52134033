"""Saved replies: made by taggers, changed by their makers and managers, seen on their Page."""

import pytest

from conversations.models import PageMember, SavedReply
from conversations.models.answers import saved_replies
from tests.factories import (
    ConversationFactory,
    PageFactory,
    PageMemberFactory,
    UserFactory,
    api,
    member,
    superuser,
)

REPLIES = "/api/saved-replies"


@pytest.fixture
def anna(page):
    return member(page, "tagger")


@pytest.fixture
def boss(page):
    return member(page, "manager")


def save(user, code=201, page=None, **body):
    where = {"facebookPageId": page.facebook_page_id} if page else {}
    body = {"name": "Hello", "text": "Hi {first_name}", **where, **body}
    answer = api(user).post(REPLIES, body, format="json")
    assert answer.status_code == code, answer.content
    return answer.json().get("savedReply", answer.json())


def change(user, reply, code=200, **body):
    body = {"name": reply["name"], "text": "New", "facebookPageId": reply["facebookPageId"], **body}
    answer = api(user).put(f"{REPLIES}/{reply['id']}", body, format="json")
    assert answer.status_code == code, answer.content
    return answer.json().get("savedReply", answer.json())


def names(user, **params) -> list[str]:
    answer = api(user).get(REPLIES, params)
    assert answer.status_code == 200, answer.content
    return [reply["name"] for reply in answer.json()["savedReplies"]]


def test_a_tagger_makes_a_reply_of_the_page(page, anna, boss):
    reply = save(anna, page=page, shortcut="/Hello")
    assert reply.pop("id") == SavedReply.objects.get().pk
    assert reply == {
        "name": "Hello",
        "shortcut": "hello",
        "text": "Hi {first_name}",
        "facebookPageId": page.facebook_page_id,
        "maker": {"id": anna.pk, "name": anna.username},
        "uses": 0,
        "lastUsedAt": None,
        "mayChange": True,
    }
    rights = {user: api(user).get(REPLIES).json()["savedReplies"][0]["mayChange"] for user in (anna, boss)}
    assert rights == {anna: True, boss: True}
    viewer = member(page)
    save(viewer, 403, page=page, name="Another")
    assert api(viewer).get(REPLIES).json()["savedReplies"][0]["mayChange"] is False


def test_replies_are_seen_on_their_page_and_those_for_all_everywhere(page, anna):
    other = PageMemberFactory(role="tagger")
    save(anna, page=page, name="of the page")
    save(other.user, page=other.page, name="of another")
    save(anna, name="for all")
    assert names(anna) == ["for all", "of the page"]
    assert names(other.user) == ["for all", "of another"]
    assert names(superuser()) == ["for all", "of another", "of the page"]
    assert names(UserFactory()) == []
    assert names(anna, facebookPageId=page.facebook_page_id) == ["for all", "of the page"]
    assert names(superuser(), facebookPageId=other.page.facebook_page_id) == ["for all", "of another"]
    assert api(anna).get(REPLIES, {"facebookPageId": other.page.facebook_page_id}).status_code == 404
    theirs = SavedReply.objects.get(name="of another")
    assert api(anna).get(f"{REPLIES}/{theirs.pk}").status_code == 404
    save(anna, 404, page=other.page)


def test_makers_and_managers_change_and_delete_a_reply(page, anna, boss):
    ben = member(page, "tagger")
    reply = save(anna, page=page)
    change(ben, reply, 403)
    assert api(ben).delete(f"{REPLIES}/{reply['id']}").status_code == 403
    assert change(boss, reply)["text"] == "New"
    assert change(anna, reply, text="Newer")["text"] == "Newer"
    PageMember.objects.filter(user=anna).update(role="viewer")
    change(anna, reply, 403)
    assert api(boss).delete(f"{REPLIES}/{reply['id']}").status_code == 204
    assert not SavedReply.objects.exists()


def test_who_manages_all_pages_changes_a_reply_for_all(page, anna, boss):
    reply = save(anna)
    assert change(boss, reply)["mayChange"]  # the only Page
    PageFactory()
    change(boss, reply, 403)
    assert change(anna, reply)["text"] == "New"
    assert change(superuser(), reply)["text"] == "New"


def test_a_reply_moves_only_to_a_page_of_a_tagger(page, anna):
    reply = save(anna, page=page)
    elsewhere = PageMemberFactory(user=anna, role="viewer").page
    change(anna, reply, 403, facebookPageId=elsewhere.facebook_page_id)
    PageMember.objects.filter(page=elsewhere).update(role="tagger")
    assert (
        change(anna, reply, facebookPageId=elsewhere.facebook_page_id)["facebookPageId"]
        != page.facebook_page_id
    )
    assert change(anna, reply, facebookPageId=None)["facebookPageId"] is None


def test_names_and_shortcuts_are_unique_on_a_page(page, anna):
    save(anna, page=page, shortcut="hi")
    assert "name" in save(anna, 409, page=page)["error"]
    assert "shortcut" in save(anna, 409, page=page, name="Other", shortcut="HI")["error"]
    save(anna, shortcut="hi")  # for all: the Page's own one comes first
    assert "name" in save(anna, 409)["error"]
    save(anna, page=page, name="No shortcut")
    save(anna, page=page, name="None either")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"text": " "}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"text": "Hi {name}"}, "text"),
        ({"shortcut": "two words"}, "shortcut"),
        ({"shortcut": "x" * 32}, "shortcut"),
        ({"uses": 7}, "uses"),
    ],
)
def test_invalid_field_is_named_in_the_error(anna, body, field):
    assert save(anna, 400, **body)["field"] == field


def test_replies_are_found_by_name_shortcut_and_text(page, anna):
    save(anna, page=page, name="Öffnungszeiten", shortcut="open", text="From 9 to 5")
    save(anna, page=page, name="Prices", text="See the list")
    assert names(anna, search="OFFNUNG") == names(anna, search="open") == ["Öffnungszeiten"]
    assert names(anna, search="the LIST") == ["Prices"]
    assert names(anna, search="nothing of it") == []
    assert api(anna).get(REPLIES, {"search": "x" * 201}).json()["field"] == "search"


def test_list_is_paged_and_takes_as_many_statements_however_long_it_is(page, anna, django_assert_num_queries):
    for number in range(5):
        save(anna, page=page if number % 2 else None, name=f"{number}")
    client = api(anna)
    # The user of the key, the roles, the Page's replies with their makers, and whether all Pages are managed.
    with django_assert_num_queries(3):
        first = client.get(REPLIES, {"limit": 2}).json()
    cursor = first["pagination"]["nextCursor"]
    with django_assert_num_queries(3):
        rest = client.get(REPLIES, {"limit": 1000, "cursor": cursor}).json()
    assert [reply["name"] for reply in first["savedReplies"] + rest["savedReplies"]] == list("43210")
    boss = api(member(page, "manager"))
    with django_assert_num_queries(4):
        boss.get(REPLIES)


def test_number_of_replies_is_bounded(page, anna, monkeypatch):
    monkeypatch.setattr("conversations.api.views.saved_replies.MAX_REPLIES", 2)
    assert saved_replies.MAX_REPLIES == 300
    save(anna, page=page, name="1")
    two = save(anna, page=page, name="2")
    assert "2 saved replies" in save(anna, 400, page=page, name="3")["error"]
    save(anna, name="3")  # for all
    change(anna, two)


def test_a_use_returns_the_text_for_the_customer_and_is_counted(page, anna):
    reply = save(anna, page=page, text="Hi {first_name}, {last_name} of {page_name}")
    row = ConversationFactory(page=page, sender_name="Ada")
    address = f"{REPLIES}/{reply['id']}/use"
    answer = api(anna).post(address, {"conversationId": row.pk}, format="json")
    assert answer.json() == {"text": f"Hi Ada, {{last_name}} of {page.name}", "missing": ["last_name"]}
    assert api(anna).get(f"{REPLIES}/{reply['id']}").json()["savedReply"]["uses"] == 1
    foreign = ConversationFactory()
    mine = ConversationFactory(page=PageMemberFactory(user=anna, role="tagger").page)
    for user, conversation, code in (
        (anna, foreign.pk, 404),
        (anna, 10**30, 404),
        (anna, mine.pk, 400),
        (member(page), row.pk, 403),
        (UserFactory(), row.pk, 404),
    ):
        body = {"conversationId": conversation}
        assert api(user).post(address, body, format="json").status_code == code
    assert SavedReply.objects.get().uses == 1
