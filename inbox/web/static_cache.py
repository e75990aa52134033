"""Remembers the answers for static files, in front of Django.

The inbox page loads some fifty files, and each one took five milliseconds of processor time to pass the
middleware. What Django answered is sent again to the letter, with its security headers. The key has all of a
request that may change the answer.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings

MAX_FILE = 512 * 2**10  # bytes
MAX_TOTAL = 16 * 2**20
MAX_HEADERS = 1024  # bytes of the request's headers that are part of the key
SECURE = b"x-forwarded-proto"  # SECURE_PROXY_SSL_HEADER: whether a proxy was asked by HTTPS
DECIDING = {b"accept-encoding", b"if-none-match", b"if-modified-since", SECURE}
PARTIAL = {b"range", b"if-range"}
REMEMBERED = {200, 304}

Message = dict[str, Any]
Key = tuple[Any, ...]


class StaticCache:
    """An ASGI application in front of another one, which gets all other requests.

    `is_off`: nothing is remembered, as files may change while the process runs.
    """

    def __init__(self, application: Callable[..., Any], *, is_off: bool = False):
        self._application, self._is_off = application, is_off
        self._answers: OrderedDict[Key, list[Message]] = OrderedDict()
        self._bytes = 0

    async def __call__(self, scope, receive, send) -> None:
        key = None if self._is_off else key_of(scope)
        if key is None:
            await self._application(scope, receive, send)
        elif key in self._answers:
            self._answers.move_to_end(key)
            for message in self._answers[key]:
                await send(message)
        else:
            copy = Copy(send)
            await self._application(scope, receive, copy.send)
            if copy.is_worth_it and key not in self._answers:  # it may have been requested twice at once
                self._answers[key] = copy.messages
                self._bytes += size_of(copy.messages)
                self._forget_old()

    def _forget_old(self) -> None:
        while self._bytes > MAX_TOTAL:
            _, messages = self._answers.popitem(last=False)
            self._bytes -= size_of(messages)


class Copy:
    """Sends an answer, and keeps it if it is small."""

    def __init__(self, send: Callable[..., Any]):
        self._send, self.size = send, 0
        self.messages: list[Message] = []

    async def send(self, message: Message) -> None:
        self.size += size_of([message])
        if self.size <= MAX_FILE:
            self.messages.append(message)
        await self._send(message)

    @property
    def is_worth_it(self) -> bool:
        """Whether it is whole, and WhiteNoise's own: no other answer below STATIC_URL is for everybody."""
        if self.size > MAX_FILE or not self._is_whole():
            return False
        start = self.messages[0]
        control = [value for name, value in start["headers"] if name.lower() == b"cache-control"]
        return start["status"] in REMEMBERED and any(b"public" in value for value in control)

    def _is_whole(self) -> bool:
        """False where the client has left, as browsers do that load the page again: nobody got the rest."""
        last = self.messages[-1] if self.messages else {}
        return last.get("type") == "http.response.body" and not last.get("more_body")


def size_of(messages: list[Message]) -> int:
    return sum(len(part) for message in messages for part in parts_of(message))


def parts_of(message: Message) -> Iterator[bytes]:
    yield message.get("body", b"")
    for header in message.get("headers", ()):
        yield from header


def key_of(scope) -> Key | None:
    """Return what the answer depends on; None if it is not one of a whole static file."""
    if scope["method"] != "GET" or not scope["path"].startswith(settings.STATIC_URL):
        return None
    headers = [(name, value) for name, value in scope["headers"] if name in DECIDING | PARTIAL]
    if any(name in PARTIAL for name, _ in headers) or sum(len(value) for _, value in headers) > MAX_HEADERS:
        return None
    return scope["scheme"], scope["path"], *headers
