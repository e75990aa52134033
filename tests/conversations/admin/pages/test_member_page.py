"""What a member did, and the work of all members, in the admin: for managers of the Page."""

import pytest

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from tests.factories import (
    ConversationFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    UserFactory,
    member,
)


def url(page, user) -> str:
    return f"/admin/conversations/page/{page.pk}/members/{user.pk}/"


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def anna(page):
    user = member(page, "tagger")
    row = ConversationFactory(page=page, sender_name="Ada")
    tag_conversations([row.pk], [TagFactory(name="VIP")], actor=user)
    set_status([row.pk], "done", actor=user)
    return user


def test_manager_sees_what_a_member_did(page, anna, staff):
    client = staff("manager")
    assert url(page, anna) in text(client.get(f"/admin/conversations/page/{page.pk}/change/"))
    shown = text(client.get(url(page, anna)))
    assert "tagger of" in shown
    assert "<dt>closed today</dt><dd>1</dd>" in shown
    assert shown.index("Set to Done") < shown.index("Added the tag VIP")
    assert "Ada" in shown
    assert client.get(url(page, anna), {"before": "9" * 30}).status_code == 200


def test_acts_on_other_pages_are_not_shown(page, anna, staff):
    other = PageFactory()
    PageMemberFactory(page=other, user=anna, role="tagger")
    set_status([ConversationFactory(page=other, sender_name="Secret").pk], "done", actor=anna)
    assert "Secret" not in text(staff("manager").get(url(page, anna)))


def test_who_has_nothing_to_do_with_the_page_is_not_there(page, anna, staff):
    client = staff("manager")
    assert client.get(url(page, UserFactory())).status_code == 404
    page.members.filter(user=anna).delete()
    assert "Set to Done" in text(client.get(url(page, anna))), "who has left is still in the history"


def test_dashboard_shows_the_work_to_managers_only(page, anna, staff):
    shown = text(staff("manager").get("/admin/"))
    assert f'{url(page, anna)}">{anna.username}</a>' in shown
    assert '<th scope="col">Closed today</th>' in shown
    assert url(page, anna) not in text(staff("tagger").get("/admin/"))
