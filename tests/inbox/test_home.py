import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from tests.factories import UserFactory, superuser

PASSWORD = "correct horse battery"


@pytest.fixture
def user(db):
    user = UserFactory(username="anna")
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(client, password=PASSWORD, **more):
    return client.post("/login", {"username": "anna", "password": password, **more})


def test_strangers_are_led_to_the_login(client):
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/login?next=/")


def test_start_leads_staff_to_the_admin_and_others_to_the_docs(user, client):
    client.force_login(user)
    assert client.get("/")["Location"] == "/api/docs"
    client.force_login(superuser())
    assert client.get("/")["Location"] == "/admin/"


def test_login_opens_and_logout_closes(user, client):
    assert log_in(client)["Location"] == "/"
    assert client.get("/api/pages").status_code == 200
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/api/pages").status_code == 401


def test_logout_is_a_post(user, client):
    client.force_login(user)
    assert client.get("/logout").status_code == 405
    assert client.get("/api/pages").status_code == 200


def test_wrong_password_and_inactive_users_are_refused_in_words(user, client):
    answer = log_in(client, "wrong")
    assert answer.status_code == 200
    assert b'role="alert"' in answer.content
    user.is_active = False
    user.save()
    assert log_in(client).status_code == 200


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/api/docs", "/api/docs"),
        ("/admin/?q=1", "/admin/?q=1"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_login_leads_on_only_within_the_site(user, client, wanted, led_to):
    assert log_in(client, next=wanted)["Location"] == led_to


def test_login_keeps_where_one_wanted_to_go(client, db):
    assert b'name="next" value="/api/docs"' in client.get("/login?next=/api/docs").content


def test_login_needs_its_csrf_token(user):
    answer = log_in(Client(enforce_csrf_checks=True))
    assert answer.status_code == 403
    assert b"out of date" in answer.content


def test_login_page_asks_no_other_host_and_runs_no_script(client, db):
    text = client.get("/login").content.decode()
    assert "<script" not in text
    assert "style=" not in text
    links = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert links
    for link in links:
        assert finders.find(link.removeprefix("/static/")), link
