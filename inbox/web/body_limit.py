"""Reads the body of a request before it gets a place to work, and refuses one that is too large.

The bytes are counted as they arrive, whatever Content-Length says. They stay in memory, except those of forms
with a file that is sent to a customer, which go to the disk. A chunked body gets a Content-Length, without
which Django and REST framework take it for empty.
"""

import asyncio
import re
import tempfile
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Any

from conversations.lib.process_numbers import count_refusal
from conversations.lib.request_scope import RETRY_SECONDS, Places, ServerBusy, TooManyRequests
from inbox.web.answers import answer

READ_SECONDS = 60  # a client that sends slower than this holds memory for nothing
MAX_TOTAL = 64 * 2**20  # bytes of all bodies in this process, from their first byte to the response
ALWAYS_READ = 16 * 2**10  # bytes: who fills MAX_TOTAL with slow bodies must not stop logins and small changes
DRAINED_BYTES, DRAIN_SECONDS = 10 * 2**20, 5  # after a refusal
# Forms with a file: the one route that has them, and their limits.
FORM_PATH = re.compile(r"/api/conversations/[0-9]+/messages")
FORM_BYTES, FORM_SECONDS = 25 * 2**20 + 2**16, 300
CHUNK_BYTES = 64 * 2**10
FORMS = Places("files that are being sent", per_user=2, in_all=16)  # before anybody knows who the user is
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

    seconds = READ_SECONDS

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes, self.size, self.held = max_bytes, 0, 0
        self._chunks: deque[bytes] = deque()

    def add(self, chunk: bytes) -> None:
        self._chunks.append(chunk)
        self.size += len(chunk)
        self.held = self.size

    def take(self) -> bytes:
        """Return the next chunk; b"" at the end."""
        return self._chunks.popleft() if self._chunks else b""

    @property
    def has_more(self) -> bool:
        return bool(self._chunks)

    def close(self) -> None:
        self._chunks.clear()


class FileBody(Body):
    """The same on the disk. `held`, the bytes in memory, stays 0."""

    seconds = FORM_SECONDS

    def __init__(self) -> None:
        super().__init__(FORM_BYTES)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - close() closes it
        self._taken = 0

    def add(self, chunk: bytes) -> None:
        self._file.write(chunk)
        self.size += len(chunk)

    def take(self) -> bytes:
        if not self._taken:
            self._file.seek(0)
        chunk = self._file.read(CHUNK_BYTES)
        self._taken += len(chunk)
        return chunk

    @property
    def has_more(self) -> bool:
        return self._taken < self.size

    def close(self) -> None:
        self._file.close()


class BodyLimit:
    """An ASGI application in front of another one."""

    def __init__(self, application: Callable[..., Any], max_bytes: int):
        self._application, self._max_bytes = application, max_bytes
        self._held = 0  # bytes of all bodies

    @property
    def held(self) -> int:
        """Bytes of bodies in memory."""
        return self._held

    async def __call__(self, scope, receive, send) -> None:
        try:
            with self._body_for(scope) as body:
                await self._read(scope, receive, body)
                await self._application(with_length(scope, body.size), replay(body, receive), send)
        except Disconnected:
            return
        except Refused as error:
            await refuse(error, scope, receive, send)

    @contextmanager
    def _body_for(self, scope) -> Iterator[Body]:
        with place_for_form(scope) if is_form(scope) else nullcontext():
            body = FileBody() if is_form(scope) else Body(self._max_bytes)
            try:
                yield body
            finally:
                self._held -= body.held
                body.close()

    async def _read(self, scope, receive, body: Body) -> None:
        if (declared_length(scope) or 0) > body.max_bytes:
            raise Refused(413, too_large(body))
        has_more = True
        try:
            async with asyncio.timeout(body.seconds):
                while has_more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    chunk, has_more = message.get("body", b""), message.get("more_body", False)
                    self._check(body, len(chunk), has_more)
                    if chunk:
                        before = body.held
                        body.add(chunk)
                        self._held += body.held - before
        except TimeoutError:
            raise Refused(408, TOO_SLOW, has_more=False) from None

    def _check(self, body: Body, added: int, has_more: bool) -> None:
        size = body.size + added
        if size > body.max_bytes:
            raise Refused(413, too_large(body), has_more=has_more)
        is_in_memory = not isinstance(body, FileBody)
        if is_in_memory and size > ALWAYS_READ and self._held + added > MAX_TOTAL:
            raise Refused(503, BUSY, has_more=has_more)


def too_large(body: Body) -> str:
    return f"The body is too large: at most {body.max_bytes:,} bytes."


def place_for_form(scope) -> AbstractContextManager[None]:
    """Return a place for a form of this user. Raises Refused if there is none."""
    user = header_of(scope, b"authorization") or header_of(scope, b"cookie")
    try:
        FORMS.require_free(user)
    except TooManyRequests as error:
        raise Refused(429, str(error)) from None
    except ServerBusy as error:
        raise Refused(503, str(error)) from None
    return FORMS.take(user)


def is_form(scope) -> bool:
    """Whether this is a form with a file, for the one route that takes them."""
    if scope.get("method") != "POST" or not FORM_PATH.fullmatch(scope["path"]):
        return False
    return header_of(scope, b"content-type").lower().startswith(b"multipart/form-data")


def header_of(scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


REASONS = {408: "too_slow", 413: "too_large", 429: "too_many", 503: "busy"}


async def refuse(refused: Refused, scope, receive, send) -> None:
    count_refusal(REASONS[refused.status])
    if refused.has_more:
        await drain(scope, receive)
    retry_after = RETRY_SECONDS if refused.status in (429, 503) else 0
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


def replay(body: Body, receive: Callable[[], Awaitable[dict]]) -> Callable[[], Awaitable[dict]]:
    """Return a `receive` that hands out the body, then what comes after it: that the client leaves."""
    is_read = False

    async def receive_again() -> dict:
        nonlocal is_read
        if is_read:
            return await receive()
        chunk = body.take()
        is_read = not body.has_more
        return {"type": "http.request", "body": chunk, "more_body": not is_read}

    return receive_again
