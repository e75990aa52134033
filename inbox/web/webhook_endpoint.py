"""The address that Facebook calls: it verifies the signature, has the body stored, and answers.

It stands in front of Django: no middleware, session or connection of the pool is needed, so it answers while
users keep the process busy. Nothing of a body, signature or secret is logged.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from conversations.lib.process_numbers import count_refusal
from conversations.lib.routes import WEBHOOKS
from conversations.webhooks import signature
from conversations.webhooks.intake import NotStored, intake
from inbox.web.body_limit import BUSY, MAX_TOTAL, BodyLimit, declared_length, drain

MAX_BODY = 4 * 2**20
MAX_INLINE = 64 * 2**10  # bytes: the signature of more is checked in a thread
LARGE_AT_ONCE = MAX_TOTAL // MAX_BODY  # so many have room in memory
LARGE_WAIT_SECONDS = 10
STORED = "EVENT_RECEIVED"
NO_SECRET = "No secret is configured: set FACEBOOK_WEBHOOK_SECRETS or FACEBOOK_APP_SECRET."  # noqa: S105 - a message
AGAIN_SECONDS = 5


class WebhookEndpoint:
    """An ASGI application in front of another one, which gets all other requests."""

    def __init__(self, application: Callable[..., Any]):
        self._application, self._receive = application, BodyLimit(receive_delivery, MAX_BODY)
        self._large = asyncio.Semaphore(LARGE_AT_ONCE)

    @property
    def held(self) -> int:
        """Bytes of bodies in memory."""
        return self._receive.held

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] != WEBHOOKS:
            await self._application(scope, receive, send)
        elif scope["method"] == "POST" and not signature.is_well_formed(signature_of(scope)):
            await drain(scope, receive)  # nothing of it is kept
            await respond(send, *refusal())
        elif scope["method"] == "POST":
            await self._receive_in_turn(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD"):
            await verify(scope, send)
        else:
            await respond(send, 405, "Use GET or POST.", allow="GET, HEAD, POST")

    async def _receive_in_turn(self, scope, receive, send) -> None:
        """Read a few large bodies at a time, so that users get answers between their parts."""
        length = declared_length(scope)
        if length is not None and length <= MAX_INLINE:
            await self._receive(scope, receive, send)
            return
        try:
            async with asyncio.timeout(LARGE_WAIT_SECONDS):
                await self._large.acquire()
        except TimeoutError:
            await drain(scope, receive)
            await respond(send, 503, BUSY, retry_after=AGAIN_SECONDS)
            return
        try:
            await self._receive(scope, receive, send)
        finally:
            self._large.release()


async def verify(scope, send) -> None:
    """Answer the request that Facebook makes when the address is entered or subscribed."""
    values = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    names = ("hub.mode", "hub.verify_token", "hub.challenge")
    mode, token, challenge = (values.get(name, [""])[-1] for name in names)
    accepted = signature.challenge_of(mode, token, challenge)
    await respond(send, 200 if accepted else 403, accepted or "The verify token is not right.")


async def receive_delivery(scope, receive, send) -> None:
    body = await read(receive)
    if await is_signed(body, signature_of(scope)):
        await store(body, send)
    else:
        await respond(send, *refusal())


async def is_signed(body: bytes, header: str) -> bool:
    """Check the signature. Of a large body it takes milliseconds, for which the others do not wait."""
    if len(body) > MAX_INLINE:
        return await asyncio.to_thread(signature.is_signed, body, header)
    return signature.is_signed(body, header)


def refusal() -> tuple[int, str]:
    count_refusal("signature")
    if signature.is_configured():
        return 403, "The signature is missing or wrong."
    return 503, NO_SECRET


async def store(body: bytes, send) -> None:
    try:
        await intake.store(body)
    except NotStored:
        await respond(
            send, 503, "The delivery could not be stored. Send it again.", retry_after=AGAIN_SECONDS
        )
    else:
        await respond(send, 200, STORED)


async def read(receive) -> bytes:
    parts, has_more = [], True
    while has_more:
        message = await receive()
        parts.append(message.get("body", b""))
        has_more = message.get("more_body", False)
    return b"".join(parts)


def signature_of(scope) -> str:
    """Return the value of the header; "" if there is none, or more than one."""
    values = [value for key, value in scope["headers"] if key == b"x-hub-signature-256"]
    return values[0].decode("latin-1") if len(values) == 1 else ""


async def respond(send, status: int, text: str, *, allow: str = "", retry_after: int = 0) -> None:
    body = text.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
    ]
    if allow:
        headers.append((b"allow", allow.encode()))
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
