"""The page *My API key*: each user has one key, which is shown once."""

import re

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from tests.factories import UserFactory, superuser

pytestmark = pytest.mark.django_db

KEY = re.compile(r"\b[0-9a-f]{40}\b")


@pytest.fixture
def anna():
    return UserFactory(username="anna")


@pytest.fixture
def browser(anna):
    client = Client()
    client.force_login(anna)
    return client


def form_of(response) -> dict[str, str]:
    [of] = re.findall(r'name="of" value="([^"]*)"', response.content.decode())
    return {"of": of}


def submit(browser, action: str):
    return browser.post("/account/key", {"action": action, **form_of(browser.get("/account/key"))})


def works(key: str) -> bool:
    return Client().get("/api/pages", headers={"authorization": f"Token {key}"}).status_code == 200


def test_key_is_shown_once_when_it_is_created(browser, anna):
    assert "You have no key." in browser.get("/account/key").content.decode()
    response = submit(browser, "renew")
    [key] = set(KEY.findall(response.content.decode()))
    assert works(key)
    assert "no-store" in response["Cache-Control"]
    root = Client()
    root.force_login(superuser())
    for client, route in (
        (browser, "/account/key"),
        (root, "/admin/authtoken/tokenproxy/"),
        (root, f"/admin/auth/user/{anna.pk}/change/"),
    ):
        text = client.get(route).content.decode()
        assert key not in text
        if "auth/user" not in route:
            assert key[:6] in text
        assert key[:8] not in text


def test_renewing_invalidates_the_old_key_at_once(browser):
    [old] = set(KEY.findall(submit(browser, "renew").content.decode()))
    [new] = set(KEY.findall(submit(browser, "renew").content.decode()))
    assert (works(old), works(new)) == (False, True)


def test_revoked_key_stops_working_and_is_not_replaced(browser, anna):
    [old] = set(KEY.findall(submit(browser, "renew").content.decode()))
    assert submit(browser, "revoke").status_code == 302
    assert not works(old)
    assert not Token.objects.exists()


def test_reloading_the_response_does_not_renew_the_key(browser, anna):
    form = {"action": "renew", **form_of(browser.get("/account/key"))}
    [key] = set(KEY.findall(browser.post("/account/key", form).content.decode()))
    response = browser.post("/account/key", form)
    assert response.status_code == 302
    assert not KEY.search(response.content.decode())
    assert works(key)


def test_key_created_by_the_command_can_be_renewed(browser, anna):
    key = Token.objects.create(user=anna).key
    assert "You have a key." in browser.get("/account/key").content.decode()
    submit(browser, "renew")
    assert not works(key)


def test_key_page_requires_login_and_csrf_token(anna):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert strict.post("/account/key", {"action": "renew", "of": ""}).status_code == 403
    for response in (Client().get("/account/key"), Client().post("/account/key", {"action": "renew"})):
        assert response["Location"] == "/login?next=/account/key"
    assert not Token.objects.exists()


def test_users_cannot_change_the_key_of_another_user(browser):
    other = Token.objects.create(user=UserFactory(username="berta"))
    submit(browser, "renew")
    submit(browser, "revoke")
    assert works(other.key)


def test_admin_menu_links_to_the_key_page(anna):
    root = Client()
    root.force_login(superuser())
    assert 'href="/account/key"' in root.get("/admin/").content.decode()
