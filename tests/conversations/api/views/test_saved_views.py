import pytest

from conversations.models import PageMember, SavedView
from conversations.models.saved_views import MAX_VIEWS
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
    save(superuser(), name="for all", shared=True)
    save(anna, name="of the page", shared=True, facebookPageId=page.facebook_page_id)
    save(anna, name="elsewhere", shared=True, facebookPageId=elsewhere.facebook_page_id)
    assert names(anna) == ["elsewhere", "mine", "of the page", "for all"]
    assert names(ben) == ["for all", "of the page"]
    assert names(UserFactory()) == ["for all"]
    save(anna, 403, name="for all as well", shared=True)
    for pk in SavedView.objects.filter(name__in=["mine", "elsewhere"]).values_list("pk", flat=True):
        assert api(ben).get(f"{VIEWS}/{pk}").status_code == 404


def test_only_the_owner_and_superusers_can_change_a_view(anna, ben):
    page_id = PageMember.objects.get(user=anna).page.facebook_page_id
    view = save(anna, shared=True, facebookPageId=page_id)
    address = f"{VIEWS}/{view['id']}"
    body = {"name": "New", "shared": True, "facebookPageId": page_id}
    assert api(ben).put(address, body, format="json").status_code == 403
    assert api(ben).delete(address).status_code == 403
    assert api(anna).put(address, body, format="json").json()["view"]["name"] == "New"
    assert api(superuser()).delete(address).status_code == 204


def test_names_of_views_are_unique_per_owner(anna, ben):
    save(anna)
    save(ben)
    assert "already" in save(anna, 409)["error"]
    assert "already" in save(anna, 409, name=" late \u200bONES")["error"]
    assert save(anna, name="  u\u0308ber  alles ")["name"] == "über alles"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"query": {"status": "open"}}, "status"),
        ({"query": {"include_tags": []}}, "query"),
        ({"query": {"include_tags": ["", "\t"]}}, "query"),
        ({"query": {"exclude_tags": [" ", []]}}, "query"),
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


def test_owner_orders_views(page, anna, ben):
    shared = {"shared": True, "facebookPageId": page.facebook_page_id}
    ids = {name: save(anna, name=name, **shared)["id"] for name in ("a", "b", "c")}
    bens = save(ben, name="b of ben", **shared)["id"]
    order = [ids["c"], ids["a"], ids["c"]]
    assert api(anna).put(f"{VIEWS}/order", {"viewIds": order}, format="json").status_code == 204
    assert names(anna) == ["c", "a", "b", "b of ben"]
    assert names(ben) == ["b of ben", "c", "a", "b"]
    save(anna, name="0 is new")
    assert names(anna) == ["c", "a", "b", "0 is new", "b of ben"]
    for user, view_ids, code in (
        (ben, [ids["a"]], 403),
        (anna, [ids["a"], bens], 400),
        (UserFactory(), [ids["a"]], 404),
        (anna, [ids["a"], 10**30], 404),
        (anna, [], 400),
        (anna, ["x"], 400),
        (anna, list(range(1, 102)), 400),
    ):
        assert api(user).put(f"{VIEWS}/order", {"viewIds": view_ids}, format="json").status_code == code
    assert names(anna) == ["c", "a", "b", "0 is new", "b of ben"]
    by_superuser = api(superuser()).put(f"{VIEWS}/order", {"viewIds": [ids["b"]]}, format="json")
    assert (by_superuser.status_code, names(anna)[0]) == (204, "b")


def test_invisible_page_is_a_404(anna):
    save(anna, 404, facebookPageId=PageFactory().facebook_page_id)


@pytest.mark.parametrize(
    "query",
    [{"include_tags": {"a": [1]}}, ["vip"], {"nonsense": 1}, {"status": "open"}, "x", {"search": [[1]]}],
)
def test_a_row_that_is_not_valid_is_left_out_and_named_to_its_owner(page, anna, ben, query):
    view = SavedView.objects.create(name="bad", owner=anna, page=page, is_shared=True, query=query)
    assert names(anna) == names(ben) == []
    assert [named["name"] for named in api(anna).get(VIEWS).json()["invalid"]] == ["bad"]
    assert api(ben).get(VIEWS).json()["invalid"] == []
    assert api(anna).get(f"{VIEWS}/{view.pk}").status_code == 409
    assert api(anna).put(f"{VIEWS}/{view.pk}", {"name": "good"}, format="json").status_code == 200


def test_a_list_of_tags_is_stored_as_text(anna):
    assert save(anna, query={"include_tags": [1, "vip"]})["query"] == {"include_tags": "1,vip"}


def test_size_and_number_of_views_are_bounded(anna):
    assert "4,096" in save(anna, 400, query={"exclude_tags": ",".join(["x" * 40] * 101)})["error"]
    views = [SavedView(name=f"view {number}", owner=anna) for number in range(MAX_VIEWS)]
    SavedView.objects.bulk_create(views)
    assert "100" in save(anna, 400)["error"]


def test_views_of_someone_who_lost_the_role_are_shared_no_more(page, anna, ben):
    save(anna, shared=True, facebookPageId=page.facebook_page_id)
    assert names(ben) == ["Late ones"]
    PageMember.objects.filter(user=anna).delete()
    assert names(ben) == []
