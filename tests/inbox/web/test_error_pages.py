"""Error responses: HTML pages, and JSON under /api/."""

import pytest
from django.test import RequestFactory

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
