"""The inbox page and the login page."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from inbox.web.home import MODULES
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


def test_anonymous_users_are_redirected_to_the_login(client):
    response = client.get("/")
    assert (response.status_code, response["Location"]) == (302, "/login?next=/")


def test_home_is_the_inbox_page_for_staff_and_other_users(user, client):
    for each in (user, superuser()):
        client.force_login(each)
        response = client.get("/")
        assert response.status_code == 200
        assert "csrftoken" in response.cookies
        assert f'data-user="{each.username}"' in response.content.decode()
    user.is_active = False
    user.save()
    client.force_login(user)
    assert client.get("/")["Location"] == "/login?next=/"


def test_inbox_page_has_no_inline_code_and_no_links_to_other_hosts(user, client):
    client.force_login(user)
    text = client.get("/").content.decode()
    assert not re.findall(r"<script(?![^>]* src=)|<style|style=|\son\w+=", text)
    links = re.findall(r'(?:href|src)="(?!/admin/|/account/|#)([^"]+)"', text)
    assert len(links) > 20
    for link in links:
        assert finders.find(link.removeprefix("/static/")), link


def test_inbox_page_preloads_the_modules_of_the_list_but_not_the_lazy_ones():
    assert {"inbox/app/main.mjs", "inbox/app/list/row.mjs", "inbox/app/core/format.mjs"} <= set(MODULES)
    assert "inbox/app/actions/tag-picker.mjs" not in MODULES


def test_login_starts_and_logout_ends_the_session(user, client):
    assert log_in(client)["Location"] == "/"
    assert client.get("/api/pages").status_code == 200
    assert client.post("/logout")["Location"] == "/login"
    assert client.get("/api/pages").status_code == 401


def test_logout_requires_a_post_request(user, client):
    client.force_login(user)
    assert client.get("/logout").status_code == 405
    assert client.get("/api/pages").status_code == 200


def test_wrong_password_and_inactive_users_get_an_error_message(user, client):
    response = log_in(client, "wrong")
    assert response.status_code == 200
    assert b'role="alert"' in response.content
    user.is_active = False
    user.save()
    assert log_in(client).status_code == 200


@pytest.mark.parametrize(
    ("target", "redirect"),
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
def test_login_redirects_only_within_the_site(user, client, target, redirect):
    assert log_in(client, next=target)["Location"] == redirect


def test_login_page_keeps_the_target_address(client, db):
    assert b'name="next" value="/api/docs"' in client.get("/login?next=/api/docs").content


def test_login_requires_a_csrf_token(user):
    response = log_in(Client(enforce_csrf_checks=True))
    assert response.status_code == 403
    assert b"out of date" in response.content


def test_login_page_has_no_inline_scripts_and_no_links_to_other_hosts(client, db):
    text = client.get("/login").content.decode()
    assert text.count("<script") == text.count('<script type="module" src="/static/') == 1
    assert "style=" not in text
    links = re.findall(r'(?:href|src)="([^"]+)"', text)
    assert links
    for link in links:
        assert finders.find(link.removeprefix("/static/")), link
