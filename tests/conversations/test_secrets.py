import copy

import pytest
from django.core import serializers
from django.db import connection

from conversations.models import Page
from conversations.secrets import PREFIX, Unreadable

pytestmark = pytest.mark.django_db

TOKEN = "EAAsecretÄ\u200b"


@pytest.fixture
def shop_page() -> Page:
    return Page.objects.create(facebook_page_id="1", access_token=TOKEN)


def stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM conversations_page")
        return cursor.fetchone()[0]


def test_token_is_encrypted_in_the_table_and_plain_on_the_model(shop_page):
    assert stored().startswith(PREFIX)
    assert "EAA" not in stored().removeprefix(PREFIX)
    assert Page.objects.get().access_token == TOKEN


def test_same_token_is_never_written_alike(shop_page):
    before = stored()
    shop_page.save()
    assert stored() != before


def test_first_key_encrypts_and_any_decrypts(shop_page, settings):
    old = settings.TOKEN_ENCRYPTION_KEYS
    settings.TOKEN_ENCRYPTION_KEYS = ["the new key", *old]
    page = Page.objects.get()
    assert page.access_token == TOKEN
    page.save()
    settings.TOKEN_ENCRYPTION_KEYS = ["the new key"]
    assert Page.objects.get().access_token == TOKEN
    settings.TOKEN_ENCRYPTION_KEYS = old
    assert not Page.objects.get().access_token


def test_token_that_no_key_opens_is_the_state_reconnect_and_is_kept(shop_page, settings):
    old, before = settings.TOKEN_ENCRYPTION_KEYS, stored()
    settings.TOKEN_ENCRYPTION_KEYS = ["another"]
    page = Page.objects.get()
    assert isinstance(page.access_token, Unreadable)
    assert (page.access_token, bool(page.access_token)) == ("", False)
    assert page.connection[0] == Page.State.RECONNECT
    assert "TOKEN_ENCRYPTION_KEYS" in page.connection[1]
    page.name = "Renamed"
    page.save()
    assert stored() == before
    settings.TOKEN_ENCRYPTION_KEYS = old
    assert Page.objects.get().access_token == TOKEN


@pytest.mark.parametrize("double", [copy.copy, copy.deepcopy])
def test_unreadable_token_survives_copying(double):
    assert double(Unreadable("fernet:x")).stored == "fernet:x"


@pytest.mark.parametrize("rubbish", ["fernet:", "fernet:ä", "plain text", "fernet:" + "A" * 100])
def test_rubbish_in_the_table_is_no_traceback(shop_page, rubbish):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_page SET access_token = %s", [rubbish])
    assert isinstance(Page.objects.get().access_token, Unreadable)


def test_no_token_stays_no_token():
    Page.objects.create(facebook_page_id="2")
    assert stored() == ""
    assert Page.objects.get().connection[0] == Page.State.RECONNECT


def test_dump_is_encrypted_and_can_be_loaded(shop_page):
    dump = serializers.serialize("json", Page.objects.all())
    assert TOKEN not in dump
    assert "EAA" not in dump
    Page.objects.all().delete()
    for row in serializers.deserialize("json", dump):
        row.save()
    assert Page.objects.get().access_token == TOKEN


def test_reason_of_facebook_is_told_before_ours(shop_page):
    shop_page.reconnect("The access token has expired.")
    assert Page.objects.get().connection == ("reconnect", "The access token has expired.")


def test_business_writes_under_its_own_ids():
    assert Page(facebook_page_id="1").business_ids == {"1"}
    assert Page(facebook_page_id="1", instagram_account_id="2").business_ids == {"1", "2"}
