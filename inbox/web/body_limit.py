"""Reads the body of a request before it gets a place to work, and refuses one that is too large.

The bytes are counted as they arrive, whatever Content-Length says, and nothing is written to disk. A chunked
body gets a Content-Length, without which Django and REST framework take it for empty.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from conversations.lib.request_scope import RETRY_SECONDS
from inbox.web.answers import answer

READ_SECONDS = 60  # a client that sends slower than this holds memory for nothing
MAX_TOTAL = 64 * 2**20  # bytes of all bodies in this process, from their first byte to the response
ALWAYS_READ = 16 * 2**10  # bytes: who fills MAX_TOTAL with slow bodies must not stop logins and small changes
DRAINED_BYTES, DRAIN_SECONDS = 10 * 2**20, 5  # after a refusal
TOO_SLOW = "The body did not arrive in time."
BUSY = "The server reads too many bodies at the moment. Try again."


class Refused(Exception):
    """`has_more`: the client still sends."""

    def __init__(self, status: int, message: str, *, has_more: bool = True):
        super().__init__(message)
        self.status, self.has_more = status, has_more


class Disconnected(Exception):
    """The client has left: there is nobody to answer."""


class Body:
    """What has arrived. `size` stays when the chunks are handed out."""

    def __init__(self) -> None:
        self.chunks: deque[bytes] = deque()
        self.size = 0

    def add(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.size += len(chunk)


class BodyLimit:
    """An ASGI application in front of another one."""

    def __init__(self, application: Callable[..., Any], max_bytes: int):
        self._application, self._max_bytes = application, max_bytes
        self._held = 0  # bytes of all bodies

    async def __call__(self, scope, receive, send) -> None:
        body = Body()
        try:
            await self._read(scope, receive, body)
            await self._application(with_length(scope, body.size), replay(body.chunks, receive), send)
        except Disconnected:
            return
        except Refused as error:
            await refuse(error, scope, receive, send)
        finally:
            self._held -= body.size

    async def _read(self, scope, receive, body: Body) -> None:
        if (declared_length(scope) or 0) > self._max_bytes:
            raise Refused(413, self._too_large())
        has_more = True
        try:
            async with asyncio.timeout(READ_SECONDS):
                while has_more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    chunk, has_more = message.get("body", b""), message.get("more_body", False)
                    self._check(body.size + len(chunk), len(chunk), has_more)
                    if chunk:
                        self._held += len(chunk)
                        body.add(chunk)
        except TimeoutError:
            raise Refused(408, TOO_SLOW, has_more=False) from None

    def _check(self, size: int, added: int, has_more: bool) -> None:
        if size > self._max_bytes:
            raise Refused(413, self._too_large(), has_more=has_more)
        if size > ALWAYS_READ and self._held + added > MAX_TOTAL:
            raise Refused(503, BUSY, has_more=has_more)

    def _too_large(self) -> str:
        return f"The body is too large: at most {self._max_bytes:,} bytes."


async def refuse(refused: Refused, scope, receive, send) -> None:
    if refused.has_more:
        await drain(scope, receive)
    retry_after = RETRY_SECONDS if refused.status == 503 else 0
    await answer(scope, send, refused.status, str(refused), retry_after=retry_after)


async def drain(scope, receive: Callable[[], Awaitable[dict]]) -> None:
    """Read on for a moment and keep nothing: a client or proxy that still sends may miss an early answer."""
    left = DRAINED_BYTES
    if (declared_length(scope) or 0) > left:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while left > 0:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    return
                left -= len(message.get("body", b""))


def declared_length(scope) -> int | None:
    """The Content-Length; None without one, or if it is no number, which the server has refused by then."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return None


def with_length(scope, length: int) -> dict:
    """The same request, with the length that has arrived instead of a Transfer-Encoding."""
    if not any(name == b"transfer-encoding" for name, _ in scope["headers"]):
        return scope
    kept = [item for item in scope["headers"] if item[0] not in (b"transfer-encoding", b"content-length")]
    return {**scope, "headers": [*kept, (b"content-length", str(length).encode())]}


def replay(body: deque[bytes], receive: Callable[[], Awaitable[dict]]) -> Callable[[], Awaitable[dict]]:
    """Return a `receive` that hands out the body, then what comes after it: that the client leaves."""
    is_read = False

    async def receive_again() -> dict:
        nonlocal is_read
        if is_read:
            return await receive()
        chunk = body.popleft() if body else b""
        is_read = not body
        return {"type": "http.request", "body": chunk, "more_body": not is_read}

    return receive_again
