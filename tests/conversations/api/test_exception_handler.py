import pytest
from django.db import IntegrityError
from rest_framework.test import APIClient

from conversations.api.views.pages import PageViewSet
from tests.factories import ConversationFactory, PageMemberFactory, UserFactory, api, member, superuser

ROUTES = [
    "/api/conversations",
    "/api/conversations/1",
    "/api/conversations/1/events",
    "/api/conversations/1/tags",
    "/api/conversations/bulk-tags",
    "/api/conversations/bulk-status",
    "/api/conversations/export",
    "/api/views",
    "/api/views/1",
    "/api/pages",
    "/api/pages/1",
    "/api/sync-runs",
    "/api/sync-runs/1",
    "/api/tags",
    "/api/tags/1",
    "/api/schema",
    "/api/unheard-of",
]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_every_route_requires_authentication(db, method):
    for route in ROUTES:
        answer = getattr(APIClient(), method)(route)
        assert answer.status_code == 401, route
        assert answer["WWW-Authenticate"] == "Token"
        assert answer.json()["error"]


def test_wrong_token_is_a_401(db):
    for header in ("Token nonsense", "Token", "Token a b"):
        answer = APIClient().get("/api/pages", HTTP_AUTHORIZATION=header)
        assert answer.status_code == 401
        assert answer.json()["error"]


def test_inactive_user_is_refused_by_token_and_by_session(page):
    user = member(page, "manager")
    token, session = api(user), APIClient()
    session.force_login(user)
    assert token.get("/api/pages").status_code == session.get("/api/pages").status_code == 200
    user.is_active = False
    user.save()
    assert token.get("/api/pages").status_code == session.get("/api/pages").status_code == 401


@pytest.mark.parametrize(
    "route",
    [
        "/api/",
        "/api/unheard-of",
        "/api/conversations/",
        "/api/conversations/abc",
        "/api/conversations/-1",
        "/api/conversations/1.5",
        "/api/conversations/٣",
        "/api/conversations/%00",
        "/api/conversations/%0A",
        "/api/conversations/9223372036854775808",
        "/api/conversations/" + "9" * 5000,
        "/api/conversations/99999999999999999999/events",
        "/api/pages/9223372036854775808",
        "/api/sync-runs/9223372036854775808",
        "/api/schema/",
    ],
)
def test_unknown_routes_and_ids_are_a_404_as_json(viewer, route):
    answer = viewer.get(route)
    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "options"])
def test_unknown_route_is_a_404_by_any_method(viewer, method):
    assert getattr(viewer, method)("/api/unheard-of").status_code == 404


@pytest.mark.parametrize(
    ("method", "route"),
    [
        ("post", "/api/conversations"),
        ("delete", "/api/conversations"),
        ("put", "/api/conversations/1"),
        ("get", "/api/conversations/bulk-tags"),
        ("get", "/api/conversations/bulk-status"),
        ("post", "/api/pages"),
        ("options", "/api/pages"),
    ],
)
def test_unsupported_method_is_a_405_as_json(tagger, method, route):
    answer = getattr(tagger, method)(route)
    assert answer.status_code == 405
    assert answer["Allow"]
    assert method.upper() not in answer["Allow"]
    assert answer.json()["error"]


def test_other_formats_than_json_are_a_406(viewer):
    answer = viewer.get("/api/pages", HTTP_ACCEPT="text/html")
    assert answer.status_code == 406
    assert answer.json()["error"]


def test_internal_error_is_a_500_without_a_traceback(page, viewer, monkeypatch):
    def fail(self):
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(PageViewSet, "get_queryset", fail)
    viewer.raise_request_exception = False
    answer = viewer.get("/api/pages")
    assert answer.status_code == 500
    assert list(answer.json()) == ["error"]
    assert b"secret" not in answer.content


def test_concurrent_change_is_a_409(page, viewer, monkeypatch):
    def fail(self):
        raise IntegrityError("duplicate key value")

    monkeypatch.setattr(PageViewSet, "get_queryset", fail)
    answer = viewer.get("/api/pages")
    assert answer.status_code == 409
    assert "duplicate" not in answer.json()["error"]


def test_unknown_host_is_refused_as_json(db):
    answer = APIClient().get("/api/pages", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert answer.json()["error"]


# -- sessions ----------------------------------------------------------------------------------------------


@pytest.fixture
def browser(page):
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(member(page, "tagger"))
    return client


@pytest.mark.parametrize(
    "content_type", ["application/json", "text/plain", "application/x-www-form-urlencoded"]
)
def test_session_without_csrf_token_reads_but_does_not_write(browser, content_type):
    assert browser.get("/api/tags").status_code == 200
    answer = browser.post("/api/tags", b'{"name": "VIP"}', content_type=content_type)
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["error"]


def test_session_with_csrf_token_writes_with_any_content_type(page, browser):
    conversation = ConversationFactory(page=page)
    browser.get("/login")
    headers = {"HTTP_X_CSRFTOKEN": browser.cookies["csrftoken"].value}
    for content_type in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = browser.patch(
            f"/api/conversations/{conversation.pk}",
            b'{"conversation_status": "done"}',
            content_type=content_type,
            **headers,
        )
        assert answer.status_code == 200


def test_token_needs_no_csrf_token(page):
    user = UserFactory()
    PageMemberFactory(page=page, user=user, role="tagger")
    client = api(user)
    client.handler.enforce_csrf_checks = True
    assert client.post("/api/tags", {"name": "VIP"}, format="json").status_code == 201


def test_what_is_wrong_is_said_in_order_authentication_method_parameters(page):
    """Also where the role is missing, which is a matter of another method."""
    key = api(member(page, "viewer"))
    for method, route in (
        ("post", "/api/conversations?limit=5"),
        ("delete", "/api/conversations?nonsense=1"),
        ("put", "/api/tags?nonsense=1"),
        ("patch", "/api/tags/1?nonsense=1"),
        ("put", "/api/conversations/1?nonsense=1"),
        ("get", "/api/conversations/sync?nonsense=1"),
        ("put", "/api/conversations/sync-stream?nonsense=1"),
        ("post", "/api/events?nonsense=1"),
        ("get", "/api/acts/1/undo?nonsense=1"),
        ("get", "/api/conversations/1/refresh?nonsense=1"),
        ("post", "/api/conversations/1/events/1/attachments/0?nonsense=1"),
        ("post", "/api/conversations/export?nonsense=1"),
        ("post", "/api/insight?nonsense=1"),
        ("options", "/api/pages?nonsense=1"),
    ):
        assert getattr(APIClient(), method)(route).status_code == 401, route
        answer = getattr(key, method)(route)
        assert (answer.status_code, "error" in answer.json()) == (405, True), route
        assert answer["Allow"]
        assert not {"OPTIONS", method.upper()} & set(answer["Allow"].split(", "))


def test_a_stranger_who_asks_for_another_format_is_a_stranger_first(page):
    header = {"HTTP_ACCEPT": "text/html"}
    assert APIClient().get("/api/pages", **header).status_code == 401
    assert api(member(page, "viewer")).get("/api/pages", **header).status_code == 406


@pytest.mark.parametrize(
    ("route", "message"),
    [
        ("conversations/0", "Conversation not found."),
        ("sync-runs/0", "Run not found."),
        ("views/0", "Saved view not found."),
        ("tags/0", "Tag not found."),
        ("pages/0", "Page not found."),
    ],
)
def test_what_is_missing_is_named_in_the_words_of_the_glossary(page, route, message):
    user = member(page, "viewer")
    if route.startswith("tags"):
        answer = api(superuser()).put(f"/api/{route}", {"name": "A"}, format="json")
    else:
        answer = api(user).get(f"/api/{route}")
    assert (answer.status_code, answer.json()) == (404, {"error": message})
