import pytest

from conversations.models import Page
from tests.factories import NOON, ConversationFactory, PageFactory, PageMemberFactory, api, member, superuser

PAGES = "/api/pages"


@pytest.fixture
def page(db):
    page = PageFactory(facebook_page_id="900000000000001", name="Demo Shop", last_synced_at=NOON)
    ConversationFactory(page=page, unread_count=5)
    ConversationFactory(page=page)
    return page


def test_page_has_exactly_the_documented_fields(page):
    answer = api(member(page, "tagger")).get(f"{PAGES}/{page.pk}").json()
    assert answer == {
        "page": {
            "id": page.pk,
            "facebook_page_id": "900000000000001",
            "name": "Demo Shop",
            "platforms": ["messenger"],
            "state": "connected",
            "reason": "",
            "role": "tagger",
            "conversations": 2,
            "unread": 1,
            "lastSync": "2024-05-17T12:00:00Z",
            "live": {"state": "off", "lastEventAt": None, "reason": None},
            "alerts": [],
        }
    }


def test_list_shows_visible_pages_with_their_roles(page):
    other, user = PageFactory(name="Another Shop"), member(page, "viewer")
    PageMemberFactory(page=other, user=user, role="manager")
    PageMemberFactory(page=other, role="tagger")
    PageFactory(name="Hidden")
    pages = api(user).get(PAGES).json()["pages"]
    assert [(row["name"], row["role"], row["conversations"]) for row in pages] == [
        ("Another Shop", "manager", 0),
        ("Demo Shop", "viewer", 2),
    ]
    assert {row["role"] for row in api(superuser()).get(PAGES).json()["pages"]} == {"superuser"}


def test_page_that_needs_a_reconnect_has_a_reason(page, settings):
    user = superuser()
    page.reconnect("The access token has expired.")
    row = api(user).get(f"{PAGES}/{page.pk}").json()["page"]
    assert (row["state"], row["reason"]) == ("reconnect", "The access token has expired.")
    Page.objects.update(state="connected", state_reason="")
    settings.TOKEN_ENCRYPTION_KEYS = ["another key"]
    row = api(user).get(f"{PAGES}/{page.pk}").json()["page"]
    assert row["state"] == "reconnect"
    assert "TOKEN_ENCRYPTION_KEYS" in row["reason"]


def test_only_managers_read_what_is_wrong_with_the_webhooks(page):
    Page.objects.update(live_state="silent", live_reason="A message came.", last_delivery_at=NOON)
    for user, reason in [
        (member(page, "manager"), "A message came."),
        (superuser(), "A message came."),
        (member(page, "tagger"), None),
    ]:
        live = api(user).get(f"{PAGES}/{page.pk}").json()["page"]["live"]
        assert live == {"state": "silent", "lastEventAt": "2024-05-17T12:00:00Z", "reason": reason}


def test_token_is_in_no_response(page):
    client = api(superuser())
    stored = Page.objects.values_list("access_token", flat=True).get()
    for address in (PAGES, f"{PAGES}/{page.pk}"):
        text = client.get(address).content.decode()
        assert "EAA" not in text
        assert stored not in text
        assert "token" not in text


def test_list_takes_a_constant_number_of_queries(page, django_assert_num_queries):
    PageFactory.create_batch(5)
    client = api(superuser())
    with django_assert_num_queries(2):  # the token, the Pages
        assert len(client.get(PAGES).json()["pages"]) == 6
