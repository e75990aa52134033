"""What connecting a Page stores about the business, so that a sync recognizes it."""

import pytest

from conversations.connections.connect import connect_page
from conversations.models import Page
from conversations.sandbox import Person

pytestmark = pytest.mark.django_db

ACCOUNT, FORMER = "17841400000000001", "17841400000000009"


@pytest.fixture
def shop(world):
    return world.add_page("900000000000001", "Demo Shop", instagram_id=FORMER, instagram_username="demoshop")


def link(shop, account_id: str, username: str | None) -> None:
    """Link another Instagram account to the Page."""
    shop.instagram_id, shop.instagram_username = account_id, username
    shop.identities["instagram"] = Person(account_id, username=username)


def test_user_name_of_the_instagram_account_is_stored(sandbox, shop):
    connect_page(shop.id, shop.token)
    page = Page.objects.get()
    assert (page.instagram_username, page.business_aliases) == ("demoshop", {})


def test_id_of_a_former_account_stays_the_business(sandbox, shop):
    connect_page(shop.id, shop.token)
    link(shop, ACCOUNT, "demoshop.new")
    connect_page(shop.id, shop.token)
    page = Page.objects.get()
    assert (page.instagram_account_id, page.instagram_username) == (ACCOUNT, "demoshop.new")
    assert page.business_ids == {shop.id, ACCOUNT, FORMER}
    link(shop, FORMER, "demoshop")
    connect_page(shop.id, shop.token)
    assert Page.objects.get().business_ids == {shop.id, ACCOUNT, FORMER}


def test_account_without_a_user_name_keeps_the_known_one(sandbox, shop):
    connect_page(shop.id, shop.token)
    link(shop, FORMER, None)
    connect_page(shop.id, shop.token)
    assert Page.objects.get().instagram_username == "demoshop"
