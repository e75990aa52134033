"""Drafts of answers: each user's own, on every device."""

import pytest

from conversations.models import Draft
from conversations.models.answers import drafts
from conversations.privacy.forget_person import delete_person
from tests.factories import ConversationFactory, PageMemberFactory, api, member


@pytest.fixture
def agent(page):
    return member(page, "agent")


@pytest.fixture
def row(page):
    return ConversationFactory(page=page)


def address(row) -> str:
    return f"/api/conversations/{row.pk}/draft"


def keep(user, row, code=200, **body):
    answer = api(user).put(address(row), {"text": "Hello", **body}, format="json")
    assert answer.status_code == code, answer.content
    return answer.json().get("draft")


def draft(user, row):
    return api(user).get(address(row)).json()["draft"]


def test_a_draft_is_kept_for_its_user_until_it_is_emptied(page, row, agent):
    assert draft(agent, row) is None
    kept = keep(agent, row, text=" Hello \n", replyTo=7)
    assert (kept["text"], kept["replyTo"]) == (" Hello \n", 7)
    assert draft(agent, row) == kept
    colleague = member(page, "manager")
    assert draft(colleague, row) is None
    keep(colleague, row, text="Hi")
    assert keep(agent, row, text="") is None
    assert (draft(agent, row), draft(colleague, row)["text"]) == (None, "Hi")


def test_only_agents_keep_drafts(page, row, agent):
    for role in ("viewer", "tagger"):
        keep(member(page, role), row, 403)
    stranger = PageMemberFactory(role="manager").user
    keep(stranger, row, 404)
    assert api(stranger).get(address(row)).status_code == 404
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [({"text": "x" * 10_001}, "text"), ({"text": None}, "text"), ({"replyTo": 0}, "replyTo")],
)
def test_invalid_field_is_named_in_the_error(agent, row, body, field):
    answer = api(agent).put(address(row), {"text": "Hi", **body}, format="json")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_an_event_that_cannot_exist_is_not_quoted(agent, row):
    assert keep(agent, row, replyTo=10**30)["replyTo"] is None


def test_of_many_drafts_the_oldest_go(page, agent, monkeypatch):
    monkeypatch.setattr(drafts, "MAX_DRAFTS", 2)
    rows = ConversationFactory.create_batch(3, page=page)
    for row in rows:
        keep(agent, row)
    assert set(Draft.objects.values_list("conversation_id", flat=True)) == {row.pk for row in rows[1:]}


def test_a_draft_goes_with_the_person(agent, row):
    keep(agent, row)
    delete_person(row, actor=None)
    assert not Draft.objects.exists()


def test_a_draft_takes_few_statements(agent, row, django_assert_max_num_queries):
    client = api(agent)
    with django_assert_max_num_queries(4):  # the user of the key, the roles, the conversation, the draft
        client.get(address(row))
    keep(agent, row)
    with django_assert_max_num_queries(8):
        client.put(address(row), {"text": "More"}, format="json")
