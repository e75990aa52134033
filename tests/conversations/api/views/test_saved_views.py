import pytest

from conversations.models import SavedView
from tests.factories import (
    ConversationFactory,
    PageFactory,
    PageMemberFactory,
    TagFactory,
    UserFactory,
    api,
    member,
    superuser,
)

VIEWS = "/api/views"


@pytest.fixture
def anna(page):
    return member(page)


@pytest.fixture
def ben(page):
    return member(page)


def save(user, code=201, **body):
    answer = api(user).post(VIEWS, {"name": "Late ones", **body}, format="json")
    assert answer.status_code == code, answer.content
    return answer.json().get("view", answer.json())


def names(user) -> list[str]:
    return [view["name"] for view in api(user).get(VIEWS).json()["views"]]


def test_saved_view_has_an_address_that_finds_its_rows(page, anna):
    TagFactory(name="Late")
    ConversationFactory(page=page, sender_name="Ann")
    view = save(anna, query={"untagged": True, "search": "ann & co"}, facebookPageId=page.facebook_page_id)
    assert view.pop("id") == SavedView.objects.get().pk
    assert view == {
        "name": "Late ones",
        "owner": anna.username,
        "shared": False,
        "facebookPageId": page.facebook_page_id,
        "query": {"untagged": "true", "search": "ann & co"},
        "address": f"/api/conversations?facebookPageId={page.facebook_page_id}"
        "&untagged=true&search=ann+%26+co",
    }
    other = save(anna, name="Untagged", query={"untagged": "1"})
    answer = api(anna).get(other["address"])
    assert [row["sender_name"] for row in answer.json()["conversations"]] == ["Ann"]


def test_own_and_shared_views_of_visible_pages_are_listed(page, anna, ben):
    elsewhere = PageMemberFactory(user=anna).page
    save(anna, name="mine")
    save(anna, name="for all", shared=True)
    save(anna, name="of the page", shared=True, facebookPageId=page.facebook_page_id)
    save(anna, name="elsewhere", shared=True, facebookPageId=elsewhere.facebook_page_id)
    assert names(anna) == ["elsewhere", "for all", "mine", "of the page"]
    assert names(ben) == ["for all", "of the page"]
    assert names(UserFactory()) == ["for all"]
    for pk in SavedView.objects.filter(name__in=["mine", "elsewhere"]).values_list("pk", flat=True):
        assert api(ben).get(f"{VIEWS}/{pk}").status_code == 404


def test_only_the_owner_and_superusers_can_change_a_view(anna, ben):
    view = save(anna, shared=True)
    address, body = f"{VIEWS}/{view['id']}", {"name": "New", "shared": True}
    assert api(ben).put(address, body, format="json").status_code == 403
    assert api(ben).delete(address).status_code == 403
    assert api(anna).put(address, body, format="json").json()["view"]["name"] == "New"
    assert api(superuser()).delete(address).status_code == 204


def test_names_of_views_are_unique_per_owner(anna, ben):
    save(anna)
    save(ben)
    assert "already" in save(anna, 409)["error"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": {"status": "open"}}, "status"),
        ({"query": {"nonsense": 1}}, "query"),
        ({"query": {"limit": 1}}, "query"),
        ({"query": {"facebookPageId": "1"}}, "query"),
        ({"query": "vip"}, "query"),
        ({"name": ""}, "name"),
        ({"shared": "yes"}, "shared"),
        ({"owner": 1}, "owner"),
    ],
)
def test_invalid_parameter_is_named_in_the_error(anna, body, field):
    assert save(anna, 400, **body)["field"] == field


def test_invisible_page_is_a_404(anna):
    save(anna, 404, facebookPageId=PageFactory().facebook_page_id)
