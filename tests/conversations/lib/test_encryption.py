import base64
import copy
import hashlib
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.management import CommandError, call_command
from django.db import connection

from conversations.lib.encryption import PREFIX, UndecryptableToken
from conversations.management.commands import rotatekeys
from conversations.models import Page, PendingConnection

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


def test_same_token_is_encrypted_differently_each_time(shop_page):
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


def test_undecryptable_token_requires_reconnecting_and_is_kept(shop_page, settings):
    old, before = settings.TOKEN_ENCRYPTION_KEYS, stored()
    settings.TOKEN_ENCRYPTION_KEYS = ["another"]
    page = Page.objects.get()
    assert isinstance(page.access_token, UndecryptableToken)
    assert (page.access_token, bool(page.access_token)) == ("", False)
    assert page.connection[0] == Page.State.RECONNECT
    assert "TOKEN_ENCRYPTION_KEYS" in page.connection[1]
    page.name = "Renamed"
    page.save()
    assert stored() == before
    settings.TOKEN_ENCRYPTION_KEYS = old
    assert Page.objects.get().access_token == TOKEN


@pytest.mark.parametrize("double", [copy.copy, copy.deepcopy])
def test_undecryptable_token_can_be_copied(double):
    assert double(UndecryptableToken("fernet:x")).stored == "fernet:x"


@pytest.mark.parametrize("invalid", ["fernet:", "fernet:ä", "plain text", "fernet:" + "A" * 100])
def test_invalid_stored_value_raises_no_error(shop_page, invalid):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_page SET access_token = %s", [invalid])
    assert isinstance(Page.objects.get().access_token, UndecryptableToken)


def test_empty_token_is_stored_empty():
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


def test_facebooks_reason_takes_precedence(shop_page):
    shop_page.reconnect("The access token has expired.")
    assert Page.objects.get().connection == ("reconnect", "The access token has expired.")


def test_business_ids_are_the_page_and_its_instagram_account():
    assert Page(facebook_page_id="1").business_ids == {"1"}
    assert Page(facebook_page_id="1", instagram_account_id="2").business_ids == {"1", "2"}


@pytest.fixture
def stored_by_an_earlier_version(shop_page, settings) -> str:
    """A token under a key that was derived by a plain digest."""
    key = base64.urlsafe_b64encode(hashlib.sha256(settings.TOKEN_ENCRYPTION_KEYS[0].encode()).digest())
    value = "fernet:" + Fernet(key).encrypt(TOKEN.encode()).decode()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE conversations_page SET access_token = %s", [value])
    return value


def test_values_of_earlier_versions_are_read_and_rotated(stored_by_an_earlier_version, settings):
    assert Page.objects.get().access_token == TOKEN
    settings.TOKEN_ENCRYPTION_KEYS = ["the new key", *settings.TOKEN_ENCRYPTION_KEYS]
    call_command("rotatekeys")
    settings.TOKEN_ENCRYPTION_KEYS = ["the new key"]
    assert Page.objects.get().access_token == TOKEN
    assert stored().startswith(PREFIX)


def test_rotating_names_what_no_key_decrypts_and_leaves_it(shop_page, settings):
    before, settings.TOKEN_ENCRYPTION_KEYS = stored(), ["another"]
    with pytest.raises(CommandError, match=f"page {shop_page.pk}"):
        call_command("rotatekeys")
    assert stored() == before


def test_rotating_passes_over_what_a_job_has_deleted_meanwhile():
    assert rotatekeys.rotate(PendingConnection, "scope", uuid4())
