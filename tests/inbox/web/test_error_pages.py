"""Error responses: HTML pages, and JSON under /api/."""

import logging

import pytest
from django.test import RequestFactory

from conversations.lib.request_scope import ServerBusy
from conversations.lib.timeouts import TooSlow
from inbox.accounts.sessions import SessionStore
from inbox.web import error_pages


def test_unknown_url_shows_an_error_page(client):
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert b"Page not found" in response.content


def test_unknown_host_shows_an_error_page(client):
    response = client.get("/login", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert b"could not read" in response.content


def test_server_error_shows_an_error_page(client, monkeypatch):
    def fail(request):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("inbox.web.health.missing_part", fail)
    client.raise_request_exception = False
    response = client.get("/readyz")
    assert response.status_code == 500
    assert b"Internal server error" in response.content
    assert b"secret" not in response.content


@pytest.mark.parametrize(
    ("handler", "code"),
    [(error_pages.bad_request, 400), (error_pages.forbidden, 403), (error_pages.not_found, 404)],
)
def test_api_errors_are_json(handler, code):
    response = handler(RequestFactory().get("/api/pages"), Exception("a secret detail"))
    assert response.status_code == code
    assert response["Content-Type"] == "application/json"
    assert b"secret" not in response.content


def test_api_server_error_is_json():
    response = error_pages.server_error(RequestFactory().get("/api/pages"))
    assert (response.status_code, response["Content-Type"]) == (500, "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(ServerBusy("All are busy."), 503, "All are busy."), (TooSlow(), 503, "longer than 5 seconds")],
)
def test_a_limit_that_a_middleware_reaches_is_no_server_error(
    client, settings, monkeypatch, caplog, error, code, words
):
    """With REQUIRE_2FA a middleware reads the session, before there is a view."""

    def load(session):
        raise error

    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "inbox.accounts.second_factor_gate.SecondFactorGate"]
    monkeypatch.setattr(SessionStore, "load", load)
    monkeypatch.setattr(logging.getLogger("django"), "propagate", True)
    client.cookies["sessionid"] = "a" * 32
    client.raise_request_exception = False
    for path in ("/", "/api/pages"):
        response = client.get(path)
        assert (response.status_code, words in response.content.decode()) == (code, True)
    assert "Traceback" not in caplog.text
