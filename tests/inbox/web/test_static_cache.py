"""Answers for static files are sent again as Django sent them first."""

import asyncio

import pytest

from inbox.web import static_cache
from inbox.web.handler import RequestHandler
from inbox.web.static_cache import StaticCache

pytestmark = pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume")  # as inbox/asgi.py

ICON, SCRIPT = "/static/inbox/icon.svg", "/static/inbox/app/core/dom.mjs"
HTTPS = ("x-forwarded-proto", "https")


@pytest.fixture
def cache():
    """The cache in front of the real handler, which counts what it is asked."""
    handler = RequestHandler()

    async def application(scope, receive, send):
        application.asked.append(scope["path"])
        await handler(scope, receive, send)

    application.asked = []
    yield StaticCache(application)
    handler._threads.shutdown()


def get(cache: StaticCache, path: str, *headers: tuple[str, str], method: str = "GET"):
    """Return status, headers and body."""
    return asyncio.run(answer(cache, path, headers, method))


async def answer(cache: StaticCache, path: str, headers, method: str):
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in headers)],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }
    requests, sent = [{"type": "http.request"}], []

    async def receive():
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await cache(scope, receive, send)
    start, *parts = sent
    assert not parts[-1].get("more_body")
    named = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], named, b"".join(part.get("body", b"") for part in parts)


def asked(cache: StaticCache) -> int:
    return len(cache._application.asked)


def test_file_is_read_once_and_keeps_its_headers(cache):
    first = get(cache, SCRIPT)
    assert get(cache, SCRIPT) == first
    assert asked(cache) == 1
    status, headers, body = first
    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_browser_that_has_the_file_gets_no_body(cache):
    tag = ("if-none-match", get(cache, ICON)[1]["etag"])
    assert {get(cache, ICON, tag)[::2] for _ in range(3)} == {(304, b"")}
    assert get(cache, ICON)[0] == 200
    assert asked(cache) == 2


def test_redirect_to_https_is_not_answered_with_the_file(cache, settings):
    settings.SECURE_SSL_REDIRECT, settings.SECURE_PROXY_SSL_HEADER = True, ("HTTP_X_FORWARDED_PROTO", "https")
    redirecting = StaticCache(cache._application)
    cache._application.asked.clear()
    handler = RequestHandler()  # which reads the settings
    redirecting._application = handler
    assert get(redirecting, ICON, HTTPS)[0] == 200
    assert get(redirecting, ICON, HTTPS)[0] == 200
    assert get(redirecting, ICON)[0] == 301
    handler._threads.shutdown()


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
