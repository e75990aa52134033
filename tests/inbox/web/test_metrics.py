"""/metrics: who may read it, and what it says of requests."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from conversations.lib.process_numbers import numbers
from conversations.monitoring import readings
from conversations.monitoring.readings import reader
from inbox.web.metrics import CONTENT_TYPE
from inbox.web.request_counts import RequestCounts, note_route

TOKEN = "a-long-token-of-the-monitoring"
PROXY = "203.0.113.9"


@pytest.fixture
def away(monkeypatch):
    """Take the database away."""

    def fail(connection):
        raise OperationalError("connection to server at 10.0.0.5 failed: password of inbox")

    monkeypatch.setattr(readings, "read_all", fail)
    reader.forget()
    yield
    reader.forget()


def read(**headers: Any):
    return Client().get("/metrics", **headers)


# -- who may read it ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.9.1", "::1"])
def test_without_a_token_programs_of_this_machine_read_it(away, address):
    response = read(REMOTE_ADDR=address)
    assert (response.status_code, response["Content-Type"]) == (200, CONTENT_TYPE)
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize(
    "request_of",
    [
        {"REMOTE_ADDR": "192.168.0.7"},
        {"REMOTE_ADDR": ""},  # a socket, which a proxy uses
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": PROXY},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_PROTO": "https"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": f"for={PROXY}"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_REAL_IP": PROXY},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_VIA": "1.1 proxy"},
        {"REMOTE_ADDR": "192.168.0.7", "HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
@pytest.mark.django_db
def test_without_a_token_nobody_else_reads_it(request_of):
    response = read(**request_of)
    assert (response.status_code, response.content) == (403, b"")


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.0.7"])
def test_with_a_token_only_who_has_it_reads_it(away, settings, address):
    settings.METRICS_TOKEN = TOKEN
    where = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": PROXY}
    for given in ("", "Bearer", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", f"Token {TOKEN}", "Bearer ä"):
        response = read(HTTP_AUTHORIZATION=given, **where)
        assert (response.status_code, response.content) == (401, b"")
        assert response["WWW-Authenticate"] == "Bearer"
    for given in (f"Bearer {TOKEN}", f"bearer  {TOKEN}"):
        assert read(HTTP_AUTHORIZATION=given, **where).status_code == 200


def test_other_methods_are_refused():
    response = Client(enforce_csrf_checks=True).post("/metrics")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")


def test_plain_http_and_a_missing_second_factor_do_not_matter(away, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert read(REMOTE_ADDR="127.0.0.1").status_code == 200


# -- without a database ------------------------------------------------------------------------------------
def test_without_a_database_it_tells_what_the_process_knows(away):
    numbers.count("inbox_http_requests", "GET", "home", "200")
    text = read(REMOTE_ADDR="127.0.0.1").content.decode()
    assert "\ninbox_database_up 0.0\n" in text
    assert 'route="home"' in text
    assert "inbox_page" not in text
    assert "10.0.0.5" not in text


def test_no_session_is_read(away, client):
    client.cookies["sessionid"] = "x" * 32
    response = client.get("/metrics")  # a test without a database: any query would fail
    assert response.status_code == 200
    assert "Set-Cookie" not in response


# -- requests ----------------------------------------------------------------------------------------------
@pytest.fixture
def counted(monkeypatch):
    seen: list[tuple[str, ...]] = []
    monkeypatch.setattr(numbers, "count", lambda *labels: seen.append(labels))
    return seen


async def ask(application, path: str, method: str = "GET") -> None:
    async def send(message: dict) -> None:
        pass

    await RequestCounts(application)({"path": path, "method": method}, None, send)


@pytest.mark.parametrize(
    ("path", "method", "view", "labels"),
    [
        ("/api/pages/7", "GET", "page-detail", ("GET", "page-detail")),
        ("/api/pages/7", "BREW", "page-detail", ("other", "page-detail")),
        ("/invented/by/anybody", "GET", None, ("GET", "none")),
        ("/webhooks/facebook", "POST", None, ("POST", "webhook")),
        ("/static/inbox/icon.svg", "GET", None, ("GET", "static")),
    ],
)
def test_requests_are_counted_by_route_and_never_by_path(counted, path, method, view, labels):
    async def application(scope, receive, send):
        note_route(scope, view and SimpleNamespace(view_name=view))
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"", "more_body": True})

    asyncio.run(ask(application, path, method))
    assert counted == [("inbox_http_requests", *labels, "200")]
