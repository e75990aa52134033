"""API keys: several for each user, shown once, with a scope and an end."""

import hashlib
import re
from datetime import timedelta
from importlib import import_module

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from conversations.models.audit import AuditEntry
from conversations.permissions import CONFIRMED_AT
from inbox.accounts.models import ApiKey, digest_of
from inbox.accounts.signed_in import usable_key
from inbox.accounts.views.keys_page import MAX_KEYS
from tests.factories import ConversationFactory, PageMemberFactory, UserFactory, superuser
from tests.inbox.accounts.signing_in import PASSWORD, create_anna

pytestmark = pytest.mark.django_db

KEY = re.compile(r"\b[0-9a-f]{40}\b")
MIGRATION = import_module("inbox.accounts.migrations.0001_accounts")


@pytest.fixture
def anna():
    return create_anna()


@pytest.fixture
def browser(anna):
    client = Client()
    client.force_login(anna)
    return client


def create(browser, **fields):
    return browser.post("/account/keys", {"action": "create", "name": "Report", "scope": "write"} | fields)


def key_in(response) -> str:
    [key] = set(KEY.findall(response.content.decode()))
    return key


def status_of(key: str, method: str = "get", route: str = "/api/pages") -> int:
    headers = {"authorization": f"Token {key}"}
    return getattr(Client(), method)(route, headers=headers).status_code


def test_key_is_shown_once_and_stored_as_a_hash(browser):
    response = create(browser)
    key = key_in(response)
    assert "no-store" in response["Cache-Control"]
    assert status_of(key) == 200
    root = Client()
    root.force_login(superuser())
    for client, route in ((browser, "/account/keys"), (root, "/admin/accounts/apikey/")):
        text = client.get(route).content.decode()
        assert key[:6] in text
        assert key[:8] not in text
    assert key not in str(ApiKey.objects.values())
    assert AuditEntry.objects.filter(action="key_created", actor_name="anna").exists()


def test_several_keys_work_until_they_end(browser):
    keys = [key_in(create(browser, name=name)) for name in ("Report", "Import")]
    assert [status_of(key) for key in keys] == [200, 200]
    first = ApiKey.objects.get(name="Report")
    assert browser.post("/account/keys", {"action": "end", "key": first.pk}).status_code == 302
    assert [status_of(key) for key in keys] == [401, 200]


@pytest.mark.parametrize("pk", ["", "x", "9" * 30, "²"])
def test_other_keys_cannot_be_ended(browser, pk):
    theirs, _ = ApiKey.issue(UserFactory(), "Theirs")
    for value in (pk, theirs.pk):
        assert browser.post("/account/keys", {"action": "end", "key": value}).status_code == 302
    assert ApiKey.objects.get() == theirs


def test_key_to_read_does_not_write(browser, anna):
    key = key_in(create(browser, scope="read"))
    conversation = ConversationFactory()
    PageMemberFactory(page=conversation.page, user=anna, role="manager")
    route = f"/api/conversations/{conversation.pk}"
    assert [status_of(key, method, route) for method in ("get", "head", "patch", "delete")] == [
        200,
        200,
        403,
        403,
    ]
    response = Client().delete(route, headers={"authorization": f"Token {key}"})
    assert response.json() == {"error": "This API key may only read. Use one with the scope write."}


def test_key_ends_on_its_day(browser):
    today = timezone.localdate()
    key = key_in(create(browser, expires=today.isoformat()))
    assert status_of(key) == 200
    ApiKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert status_of(key) == 401
    for wrong in (today - timedelta(days=1), today + timedelta(days=4000), "soon"):
        assert create(browser, expires=str(wrong)).context["form"].errors


def test_last_use_is_written_at_most_once_a_minute(browser, django_assert_num_queries):
    key = key_in(create(browser))
    status_of(key)
    row = ApiKey.objects.get()
    assert row.last_used_at
    status_of(key)
    assert ApiKey.objects.get().last_used_at == row.last_used_at
    ApiKey.objects.update(last_used_at=row.last_used_at - timedelta(seconds=61))
    status_of(key)
    assert ApiKey.objects.get().last_used_at > row.last_used_at


@pytest.mark.parametrize("hours", [None, 1, -1])
@pytest.mark.parametrize("is_active", [True, False])
def test_statement_of_each_request_finds_the_usable_keys(anna, hours, is_active, django_assert_num_queries):
    expires_at = hours and timezone.now() + timedelta(hours=hours)
    digest = digest_of(ApiKey.issue(anna, "Report", expires_at=expires_at)[1])
    type(anna).objects.update(is_active=is_active)
    with django_assert_num_queries(1):
        key = usable_key(digest)
        user = key and key.user
    expected = ApiKey.objects.usable().filter(digest=digest).select_related("user").first()
    assert (key, user) == (expected, expected and expected.user)
    if key is not None:
        for found, other in ((key, expected), (user, expected.user)):
            assert vars(found).keys() == vars(other).keys()
            assert all(getattr(found, field.attname) == getattr(other, field.attname)
                       for field in found._meta.concrete_fields)  # fmt: skip


@pytest.mark.parametrize("keeps", [True, False])
def test_keys_end_with_the_password_unless_they_are_kept(browser, keeps):
    key = key_in(create(browser))
    new = "another horse battery"
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert browser.post("/account/password", form | ({"keep_keys": "on"} if keeps else {})).status_code == 302
    assert status_of(key) == (200 if keeps else 401)


def test_number_of_keys_is_bounded(browser, anna):
    for number in range(MAX_KEYS):
        ApiKey.issue(anna, str(number))
    assert "End one that you no longer need" in create(browser).content.decode()
    assert ApiKey.objects.count() == MAX_KEYS


def test_creating_a_key_asks_for_the_password_after_a_while(browser):
    session = browser.session
    session[CONFIRMED_AT] -= 15 * 60
    session.save()
    assert "confirm your password" in browser.get("/account/keys").content.decode()
    assert create(browser).status_code == 403
    refused = browser.post("/account/keys", {"action": "create"}, headers={"accept": "application/json"})
    assert refused.status_code == 403
    assert refused.json()["confirm"] == "/account/confirm"
    assert not ApiKey.objects.exists()
    assert browser.post("/account/confirm", {"password": "wrong"}).status_code == 403
    answer = browser.post("/account/confirm", {"password": PASSWORD, "next": "/account/keys"})
    assert answer["Location"] == "/account/keys"
    assert KEY.search(create(browser).content.decode())


def test_page_requires_login_and_csrf_token(anna):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert create(strict).status_code == 403
    for response in (Client().get("/account/keys"), create(Client())):
        assert response["Location"] == "/login?next=/account/keys"
    assert Client().get("/account/key")["Location"] == "/account/keys"
    assert not ApiKey.objects.exists()


def test_keys_of_an_earlier_version_go_on(anna):
    key = "0123456789" * 4
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO authtoken_token VALUES (%s, now(), %s)", [key, anna.pk])
        with connection.schema_editor() as editor:
            MIGRATION.hash_existing_keys(None, editor)
        cursor.execute("SELECT count(*) FROM authtoken_token")
        assert cursor.fetchone() == (0,)
    assert status_of(key) == 200
    assert ApiKey.objects.get().digest == hashlib.sha256(key.encode()).hexdigest()


def test_command_prints_a_new_key_each_time(anna, capsys):
    keys = []
    for options in ([], [], ["-r"]):
        call_command("drf_create_token", "anna", *options)
        words = capsys.readouterr().out.split()
        assert [*words[:2], *words[3:]] == ["Generated", "token", "for", "user", "anna"]
        keys.append(words[2])
        if not options:
            assert {status_of(key) for key in keys} == {200}
    assert [status_of(key) for key in keys] == [401, 401, 200]
    assert ApiKey.objects.get().name == "drf_create_token"
    with pytest.raises(CommandError, match="does not exist"):
        call_command("drf_create_token", "nobody")


def test_no_session_is_needed_or_made_by_a_key(browser):
    key = key_in(create(browser))
    Session.objects.all().delete()
    assert status_of(key) == 200
    assert not Session.objects.exists()
