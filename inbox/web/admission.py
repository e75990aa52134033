"""Bounds how many HTTP requests are at work at the same time, in front of Django.

A request beyond that waits for a few seconds, in a queue that is bounded, too, and is then refused with 503.
Requests without any credentials, and those of the login, share a part of the places, so that strangers leave
room for users.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from conversations.lib.request_scope import RETRY_SECONDS, RequestScope, ServerBusy, current_scope
from inbox.web.answers import answer

logger = logging.getLogger(__name__)

OUTSIDE = {"/healthz", "/readyz"}  # they answer also when the process is full
WAIT_SECONDS = 5.0
STRANGERS = 4  # one in so many places is for requests without credentials
QUEUE = 4  # for each place, so many requests may wait
BUSY = "The server is busy. Try again in a moment."


class Gate:
    """Lets a number of requests in; others wait in the order in which they came."""

    def __init__(self, places: int):
        self._places, self._waiting = asyncio.Semaphore(places), 0
        self._max_waiting = QUEUE * places

    @asynccontextmanager
    async def place(self):
        """Hold a place; yields a function that gives it back earlier. Raises ServerBusy."""
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
            raise ServerBusy(BUSY)
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        except TimeoutError:
            raise ServerBusy(BUSY) from None
        finally:
            self._waiting -= 1


class Admission:
    """An ASGI application in front of another one."""

    def __init__(self, application: Callable[..., Any], places: int):
        self._application = application
        self._everybody, self._strangers = Gate(places), Gate(max(1, places // STRANGERS))

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] in OUTSIDE:
            await self._application(scope, receive, send)
            return
        async with AsyncExitStack() as exits:
            try:
                leaves = [await exits.enter_async_context(gate.place()) for gate in self._gates(scope)]
            except ServerBusy as error:
                logger.warning("Refused %s: %s", scope["path"][:200], error)
                await answer(scope, send, 503, str(error), retry_after=RETRY_SECONDS)
                return
            await self._work(RequestScope(in_loop(leaves)), scope, receive, send)

    def _gates(self, scope) -> Iterator[Gate]:
        if is_stranger(scope):
            yield self._strangers
        yield self._everybody

    async def _work(self, request: RequestScope, scope, receive, send) -> None:
        token = current_scope.set(request)
        try:
            await self._application(scope, receive, send)
        finally:
            current_scope.reset(token)
            request.end()


def in_loop(leaves: list[Callable[[], None]]) -> Callable[[], None]:
    """Return a function that calls these in the event loop, from whatever thread."""
    loop = asyncio.get_running_loop()

    def leave_all() -> None:
        for leave in leaves:
            loop.call_soon_threadsafe(leave)

    return leave_all


def is_stranger(scope) -> bool:
    """Whether the request claims no user. Whether a claim is true is checked later, by the view.

    Passwords are guessed at the login, where no user is known yet: a made-up cookie gains nothing there.
    """
    return scope["path"].startswith("/login") or not any(
        name == b"authorization" or (name == b"cookie" and b"sessionid=" in value)
        for name, value in scope["headers"]
    )
