"""Bounds how many HTTP requests are at work at the same time, in front of Django.

A request beyond that waits for a few seconds, in a queue that is bounded, too, and is then refused with 503.
Requests without any credentials, and those of the login, share a part of the places, so that strangers leave
room for users; those with the same key or session have a half, so that one user leaves room for the others.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from conversations.lib.request_scope import (
    RETRY_SECONDS,
    RequestScope,
    ServerBusy,
    TooManyRequests,
    current_scope,
)
from inbox.web.answers import answer

logger = logging.getLogger(__name__)

OUTSIDE = {"/healthz", "/readyz"}  # they answer also when the process is full
WAIT_SECONDS = 5.0
STRANGERS = 4  # one in so many places is for requests without credentials
ONE_USER = 2  # one in so many places is for requests with the same credentials
QUEUE = 4  # for each place, so many requests may wait
BUSY = "The server is busy. Try again in a moment."
TOO_MANY = "You have too many requests at the same time. Try again in a moment."


class Gate:
    """Lets a number of requests in; others wait in the order in which they came, or are refused."""

    def __init__(self, places: int, refusal: Callable[[], Exception] = lambda: ServerBusy(BUSY)):
        self._places, self._waiting = asyncio.Semaphore(places), 0
        self._max_waiting, self._refusal = QUEUE * places, refusal

    @asynccontextmanager
    async def place(self):
        """Hold a place; yields a function that gives it back earlier. Raises the refusal."""
        await self._enter()
        is_held = True

        def leave() -> None:
            nonlocal is_held
            if is_held:
                is_held = False
                self._places.release()

        try:
            yield leave
        finally:
            leave()

    async def _enter(self) -> None:
        if self._places.locked() and self._waiting >= self._max_waiting:
            raise self._refusal()
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise self._refusal() from None
        finally:
            self._waiting -= 1


class Admission:
    """An ASGI application in front of another one."""

    def __init__(self, application: Callable[..., Any], places: int):
        self._application, self._places = application, places
        self._everybody, self._strangers = Gate(places), Gate(max(1, places // STRANGERS))
        self._users = WeakValueDictionary[bytes, Gate]()  # by credentials, as long as there are requests

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] in OUTSIDE:
            await self._application(scope, receive, send)
            return
        async with AsyncExitStack() as exits:
            try:
                leaves = [await exits.enter_async_context(gate.place()) for gate in self._gates(scope)]
            except (ServerBusy, TooManyRequests) as error:
                await refuse(error, scope, send)
                return
            await self._work(RequestScope(in_loop(leaves)), scope, receive, send)

    def _gates(self, scope) -> Iterator[Gate]:
        claim = claim_of(scope)
        yield self._of_user(claim) if claim else self._strangers
        yield self._everybody

    def _of_user(self, claim: bytes) -> Gate:
        gate = self._users.get(claim)
        if gate is None:
            gate = self._users[claim] = Gate(
                max(1, self._places // ONE_USER), lambda: TooManyRequests(TOO_MANY)
            )
        return gate

    async def _work(self, request: RequestScope, scope, receive, send) -> None:
        token = current_scope.set(request)
        try:
            await self._application(scope, receive, send)
        finally:
            current_scope.reset(token)
            request.end()


async def refuse(error: ServerBusy | TooManyRequests, scope, send) -> None:
    status, message = 503 if isinstance(error, ServerBusy) else 429, str(error)
    logger.warning("Refused %s: %s", scope["path"][:200], message)
    await answer(scope, send, status, message, retry_after=RETRY_SECONDS)


def in_loop(leaves: list[Callable[[], None]]) -> Callable[[], None]:
    """Return a function that calls these in the event loop, from whatever thread."""
    loop = asyncio.get_running_loop()

    def leave_all() -> None:
        for leave in leaves:
            loop.call_soon_threadsafe(leave)

    return leave_all


def claim_of(scope) -> bytes:
    """Return the API key or the session of a request; nothing for a stranger.

    Whether it is valid is checked later, by the view. At the login, where passwords are guessed, everybody is
    a stranger: a made-up cookie gains nothing there.
    """
    if scope["path"].startswith("/login"):
        return b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return value
        if name == b"cookie" and b"sessionid=" in value:
            return value.rpartition(b"sessionid=")[2].partition(b";")[0]
    return b""
