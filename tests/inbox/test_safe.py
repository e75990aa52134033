"""What a browser is told that it may do with our answers, and which writes it may make in a session."""

import pytest
from django.test import Client

from tests.conversations.api.views.test_documentation import STREAMING, operations
from tests.factories import api, superuser

STRICT = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self'",
    "connect-src 'self'",
    "font-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
}
ELSEWHERE = "https://spa.example.com"


def policy(answer) -> set[str]:
    return set(answer["Content-Security-Policy"].split("; "))


@pytest.fixture
def root(db):
    client = Client(enforce_csrf_checks=True)
    client.force_login(superuser())
    return client


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/login", "/logout", "/nothing", "/admin/nothing/", "/healthz", "/static/inbox/icon.svg"),
        *("/api/docs", "/api/docs?script=", "/api/schema", "/api/pages", "/api/nothing"),
    ],
)
def test_every_page_has_the_strict_policy(root, address):
    answer = root.get(address)
    answer.close()
    assert policy(answer) == STRICT


def test_a_form_that_is_refused_has_it_too(root):
    answer = root.post("/login")
    assert (answer.status_code, policy(answer)) == (403, STRICT)


def test_the_admin_adds_what_unfold_needs_and_no_inline_script(root):
    answer = root.get("/admin/")
    assert policy(answer) - STRICT == {"script-src 'self' 'unsafe-eval'", "style-src 'self' 'unsafe-inline'"}
    assert b" onclick=" not in answer.content


@pytest.mark.parametrize("address", ["/login", "/admin/", "/api/pages"])
def test_further_headers(root, address):
    answer = root.get(address)
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "microphone=()" in answer["Permissions-Policy"]


def test_cookie_of_the_session_is_not_for_scripts_nor_for_other_sites(root, settings):
    settings.SESSION_COOKIE_SECURE = True
    user = superuser()
    user.set_password("a horse of 17 hands")
    user.save()
    answer = Client().post("/login", {"username": user.username, "password": "a horse of 17 hands"})
    cookie = answer.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["secure"]
    assert cookie["samesite"] == "Lax"


def test_every_write_in_a_session_needs_its_csrf_token(root):
    schema = root.get("/api/schema").json()
    writes = [(route, method) for route, method, _ in operations(schema) if method != "get"]
    writes = [(route, method) for route, method in writes if route not in STREAMING]
    assert len(writes) > 10
    for route, method in writes:
        address = route.replace("{id}", "1").replace("{act}", "1")
        answer = getattr(root, method)(address, {}, content_type="application/json")
        assert (answer.status_code, "CSRF" in answer.json()["error"]) == (403, True), (route, method)


def test_other_origins_are_let_in_where_they_are_named_and_only_with_a_token(settings, db):
    client = api(superuser())
    assert "Access-Control-Allow-Origin" not in client.get("/api/pages", headers={"Origin": ELSEWHERE})
    settings.CORS_ALLOWED_ORIGINS = [ELSEWHERE]
    answer = client.get("/api/pages", headers={"Origin": ELSEWHERE})
    assert answer["Access-Control-Allow-Origin"] == ELSEWHERE
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Location" in answer["Access-Control-Expose-Headers"]
    asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "POST"}
    answer = client.options("/api/conversations/sync", headers=asked)
    assert {"authorization", "content-type", "prefer"} <= set(
        answer["Access-Control-Allow-Headers"].split(", ")
    )
    assert "Access-Control-Allow-Origin" not in client.get("/login", headers={"Origin": ELSEWHERE})
    stranger = {"Origin": "https://other.example.com"}
    assert "Access-Control-Allow-Origin" not in client.get("/api/pages", headers=stranger)


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("get", "/api/pages", 200),
        ("get", "/api/conversations/export?format=csv", 200),
        ("get", "/api/nothing", 404),
        ("get", "/api/conversations?limit=x", 400),
        ("post", "/api/tags", 403),  # without the CSRF token
        ("options", "/api/pages", 405),
    ],
)
def test_no_cache_keeps_an_answer_of_the_api(root, method, address, status):
    answer = getattr(root, method)(address)
    assert (answer.status_code, answer["Cache-Control"]) == (status, "private, no-store")
    assert {"Authorization", "Cookie"} <= set(answer["Vary"].split(", "))


def test_the_answer_to_a_stranger_is_not_kept_either(db):
    assert Client().get("/api/pages")["Cache-Control"] == "private, no-store"


def test_browsers_insist_on_https_where_it_is_on(client, settings):
    assert "Strict-Transport-Security" not in client.get("/healthz", secure=True)
    settings.SECURE_HSTS_SECONDS = 31_536_000  # as HTTPS=1 does
    assert Client().get("/healthz", secure=True)["Strict-Transport-Security"] == "max-age=31536000"
