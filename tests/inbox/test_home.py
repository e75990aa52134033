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


def test_start_is_the_inbox_page_for_staff_and_others(user, client):
    for somebody in (user, superuser()):
        client.force_login(somebody)
        answer = client.get("/")
        assert answer.status_code == 200
        assert "csrftoken" in answer.cookies
        assert f'data-user="{somebody.username}"' in answer.content.decode()
    user.is_active = False
    user.save()
    client.force_login(user)
    assert client.get("/")["Location"] == "/login?next=/"


def test_inbox_page_has_nothing_inline_and_asks_no_other_host(user, client):
    client.force_login(user)
    text = client.get("/").content.decode()
    assert not re.findall(r"<script(?![^>]* src=)|<style|style=|\son\w+=", text)
    links = [link for link in re.findall(r'(?:href|src)="([^"]+)"', text) if link != "/admin/"]
    assert len(links) > 20
    for link in links:
        assert finders.find(link.removeprefix("/static/")), link


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
        ("/?search=a&conversation=7", "/?search=a&conversation=7"),
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
