"""My API key: everybody's own, shown once."""

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


def form_of(answer) -> dict[str, str]:
    [of] = re.findall(r'name="of" value="([^"]*)"', answer.content.decode())
    return {"of": of}


def act(browser, name: str):
    return browser.post("/account/key", {"act": name, **form_of(browser.get("/account/key"))})


def works(key: str) -> bool:
    return Client().get("/api/pages", headers={"authorization": f"Token {key}"}).status_code == 200


def test_the_key_is_shown_in_the_answer_that_made_it_and_never_again(browser, anna):
    assert "You have none." in browser.get("/account/key").content.decode()
    answer = act(browser, "renew")
    [key] = set(KEY.findall(answer.content.decode()))
    assert works(key)
    assert "no-store" in answer["Cache-Control"]
    boss = Client()
    boss.force_login(superuser())
    for client, route in (
        (browser, "/account/key"),
        (boss, "/admin/authtoken/tokenproxy/"),
        (boss, f"/admin/auth/user/{anna.pk}/change/"),
    ):
        text = client.get(route).content.decode()
        assert key not in text
        if "auth/user" not in route:
            assert key[:6] in text
        assert key[:8] not in text


def test_a_renewed_keys_old_one_stops_at_once(browser):
    [old] = set(KEY.findall(act(browser, "renew").content.decode()))
    [new] = set(KEY.findall(act(browser, "renew").content.decode()))
    assert (works(old), works(new)) == (False, True)


def test_a_revoked_key_stops_and_is_not_replaced(browser, anna):
    [old] = set(KEY.findall(act(browser, "renew").content.decode()))
    assert act(browser, "revoke").status_code == 302
    assert not works(old)
    assert not Token.objects.exists()


def test_reloading_the_answer_renews_nothing(browser, anna):
    form = {"act": "renew", **form_of(browser.get("/account/key"))}
    [key] = set(KEY.findall(browser.post("/account/key", form).content.decode()))
    answer = browser.post("/account/key", form)
    assert answer.status_code == 302
    assert not KEY.search(answer.content.decode())
    assert works(key)


def test_a_key_of_the_command_is_the_same_kind(browser, anna):
    key = Token.objects.create(user=anna).key
    assert "You have a key." in browser.get("/account/key").content.decode()
    act(browser, "renew")
    assert not works(key)


def test_each_act_needs_the_csrf_token_and_somebody_logged_in(anna):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert strict.post("/account/key", {"act": "renew", "of": ""}).status_code == 403
    for answer in (Client().get("/account/key"), Client().post("/account/key", {"act": "renew"})):
        assert answer["Location"] == "/login?next=/account/key"
    assert not Token.objects.exists()


def test_nobody_touches_the_key_of_another(browser):
    other = Token.objects.create(user=UserFactory(username="berta"))
    act(browser, "renew")
    act(browser, "revoke")
    assert works(other.key)


def test_staff_find_it_in_the_menu(anna):
    boss = Client()
    boss.force_login(superuser())
    assert 'href="/account/key"' in boss.get("/admin/").content.decode()
