"""Answers for static files are sent again as Django sent them first."""

import asyncio

import pytest

from inbox.web import static_cache
from inbox.web.handler import RequestHandler
from inbox.web.static_cache import StaticCache
from tests.inbox.web.asgi import leave, request

pytestmark = [
    pytest.mark.django_db(transaction=True),  # of the pages
    pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume"),  # as inbox/asgi.py
]

ICON, SCRIPT = "/static/inbox/icon.svg", "/static/inbox/app/core/dom.mjs"
HTTPS = ("x-forwarded-proto", "https")


class Counted:
    def __init__(self) -> None:
        self.handler, self.requests = RequestHandler(), 0

    async def __call__(self, scope, receive, send) -> None:
        self.requests += 1
        await self.handler(scope, receive, send)


@pytest.fixture
def cache():
    """The cache in front of the real handler, which counts what it is asked."""
    counted = Counted()
    yield StaticCache(counted)
    counted.handler._threads.shutdown()


def get(cache: StaticCache, path: str, *headers: tuple[str, str], method: str = "GET"):
    """Return status, headers and body."""
    return request(cache, path, [(name.encode(), value.encode()) for name, value in headers], method=method)


def asked(cache: StaticCache) -> int:
    counted = cache._application
    assert isinstance(counted, Counted)
    return counted.requests


def test_file_is_read_once_and_keeps_its_headers(cache):
    first = get(cache, SCRIPT)
    assert get(cache, SCRIPT) == first
    assert asked(cache) == 1
    status, headers, body = first
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_answer_of_which_a_client_read_only_the_beginning_is_not_remembered(cache):
    asyncio.run(leave(cache, SCRIPT))
    _, headers, body = get(cache, SCRIPT)
    assert headers["content-length"] == str(len(body))
    assert len(body) > 0


def test_browser_that_has_the_file_gets_no_body(cache):
    tag = ("if-none-match", get(cache, ICON)[1]["etag"])
    assert {get(cache, ICON, tag)[::2] for _ in range(3)} == {(304, b"")}
    assert get(cache, ICON)[0] == 200
    assert asked(cache) == 2


def test_redirect_to_https_is_not_answered_with_the_file(cache, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    counted = Counted()  # which reads the settings
    redirecting = StaticCache(counted)
    assert [get(redirecting, ICON, HTTPS)[0] for _ in range(2)] == [200, 200]
    assert get(redirecting, ICON)[0] == 301
    assert counted.requests == 2
    counted.handler._threads.shutdown()


@pytest.mark.parametrize(
    ("path", "headers", "method"),
    [
        ("/static/nothing.css", [], "GET"),
        ("/login/", [], "GET"),
        (ICON, [("range", "bytes=0-9")], "GET"),
        (ICON, [("if-none-match", "x" * 2000)], "GET"),
        (ICON, [], "HEAD"),
        (ICON, [], "POST"),
    ],
)
def test_other_requests_are_left_to_django(cache, path, headers, method):
    first = get(cache, path, *headers, method=method)
    assert get(cache, path, *headers, method=method)[0] == first[0]
    assert asked(cache) == 2
    assert not cache._answers


def test_memory_is_bounded(cache, monkeypatch):
    monkeypatch.setattr(static_cache, "MAX_TOTAL", 10_000)
    for number in range(40):
        get(cache, ICON, ("if-none-match", f'"{number}"'))
    assert 0 < cache._bytes <= 10_000
    assert cache._bytes == sum(map(static_cache.size_of, cache._answers.values()))
    monkeypatch.setattr(static_cache, "MAX_FILE", 100)
    get(cache, SCRIPT)
    assert all(key[1] == ICON for key in cache._answers)


def test_switched_off_nothing_is_remembered(cache):
    off = StaticCache(cache._application, is_off=True)
    assert get(off, ICON) == get(off, ICON)
    assert asked(cache) == 2
