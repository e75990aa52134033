"""Bounds how many HTTP requests are at work at the same time, in front of Django.

A request beyond that waits for a few seconds, in a queue that is bounded, too, and is then refused with 503.
Requests without any credentials, and those of the login, share a part of the places, so that strangers leave
room for users. Those of one user, with however many keys and sessions, have a half, so that there is room for
others. Whose a key or session is, is known after its first request; until then it shares a part of the places
with others that are unknown, as invented ones are. Event streams, which all come again at the same moment
after a start, wait in longer queues of their own, from which a few at a time join the others.
"""

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

from conversations.lib.process_numbers import count_refusal
from conversations.lib.request_scope import (
    MAX_STREAMS,
    RETRY_SECONDS,
    STREAMS,
    RequestScope,
    ServerBusy,
    TooManyRequests,
    current_scope,
)
from inbox.web.answers import answer

logger = logging.getLogger(__name__)

EVENTS = "/api/events"
OUTSIDE = {"/healthz", "/metrics", "/readyz"}  # they answer also when the process is full
WAIT_SECONDS = 5.0
STRANGERS = 4  # one in so many places is for requests without credentials
UNKNOWN = 8  # one in so many places is for requests whose credentials were not seen before
OPENING = 4  # one in so many places is for event streams that are being opened
ONE_USER = 2  # one in so many places is for requests of the same user
QUEUE = 4  # for each place, so many requests may wait
MAX_KNOWN = 20_000  # credentials whose user is remembered
BUSY = "The server is busy. Try again in a moment."
TOO_MANY = "You have too many requests at the same time. Try again in a moment."


class RequestQueue:
    """Lets a number of requests in; others wait in the order in which they came, or are refused."""

    def __init__(
        self,
        places: int,
        refusal: Callable[[], Exception] = lambda: ServerBusy(BUSY),
        max_waiting: int | None = None,
    ):
        self._places, self._number, self._waiting = asyncio.Semaphore(places), places, 0
        self._max_waiting, self._refusal = max_waiting or QUEUE * places, refusal

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

    @property
    def at_work(self) -> int:
        return self._number - self._places._value  # asyncio tells it nowhere else

    @property
    def waiting(self) -> int:
        return self._waiting

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
        self._everybody, self._strangers = RequestQueue(places), RequestQueue(max(1, places // STRANGERS))
        # After a start everybody is unknown: many may wait, as each of them does so once.
        self._unknown = RequestQueue(max(1, places // UNKNOWN), max_waiting=QUEUE * places)
        # By whether the user is known: invented keys must not keep those of users waiting.
        opening = max(1, places // OPENING)
        self._streams = {known: RequestQueue(opening, max_waiting=MAX_STREAMS) for known in (False, True)}
        self._users = WeakValueDictionary[Hashable, RequestQueue]()  # as long as there are requests
        self._known = KnownUsers()

    @property
    def everybody(self) -> RequestQueue:
        """The queue that all requests share."""
        return self._everybody

    async def __call__(self, scope, receive, send) -> None:
        if scope["path"] in OUTSIDE:
            await self._application(scope, receive, send)
            return
        async with AsyncExitStack() as exits:
            try:
                self._require_free_stream(scope)
                leaves = [await exits.enter_async_context(queue.place()) for queue in self._queues(scope)]
            except (ServerBusy, TooManyRequests) as error:
                await refuse(error, scope, send)
                return
            await self._work(RequestScope(in_loop(leaves)), scope, receive, send)

    def _require_free_stream(self, scope) -> None:
        """Refuse a stream that its user could not open, at a fraction of the work. The view decides, too."""
        user = self._known.user_of(claim_of(scope))
        if user is not None and is_stream(scope):
            STREAMS.require_free(user)

    def _queues(self, scope) -> Iterator[RequestQueue]:
        claim = claim_of(scope)
        user = self._known.user_of(claim)
        if claim and is_stream(scope):
            yield self._streams[user is not None]
        if not claim:
            yield self._strangers
        else:
            yield self._unknown if user is None else self._of_user(user)
        yield self._everybody

    def _of_user(self, user: Hashable) -> RequestQueue:
        queue = self._users.get(user)
        if queue is None:
            places = max(1, self._places // ONE_USER)
            queue = self._users[user] = RequestQueue(places, lambda: TooManyRequests(TOO_MANY))
        return queue

    async def _work(self, request: RequestScope, scope, receive, send) -> None:
        token = current_scope.set(request)
        try:
            await self._application(scope, receive, self._noting_user(request, claim_of(scope), send))
        finally:
            current_scope.reset(token)
            request.end()

    def _noting_user(self, request: RequestScope, claim: bytes, send):
        """Return a `send` that also notes whose the credentials are: an answer begins when that is known."""

        async def send_on(message: dict) -> None:
            if message.get("status", 500) < 500 and request.was_user_read:
                self._known.note(claim, request.user)
            await send(message)

        return send_on


class KnownUsers:
    """Whose the keys and sessions are that were seen last. A hash of each is kept, not the key itself."""

    def __init__(self) -> None:
        self._users = OrderedDict[bytes, Hashable]()

    def user_of(self, claim: bytes) -> Hashable | None:
        return self._users.get(hash_of(claim)) if claim else None

    def note(self, claim: bytes, user: Hashable | None) -> None:
        """Remember the user; nobody, if the key or session has ended."""
        if claim:
            self._users.pop(hash_of(claim), None)
            if user is not None:
                self._users[hash_of(claim)] = user
            while len(self._users) > MAX_KNOWN:
                self._users.popitem(last=False)


def is_stream(scope) -> bool:
    return scope["path"] == EVENTS and scope["method"] == "GET"


def hash_of(claim: bytes) -> bytes:
    return hashlib.blake2b(claim, digest_size=16).digest()


async def refuse(error: ServerBusy | TooManyRequests, scope, send) -> None:
    status, message = 503 if isinstance(error, ServerBusy) else 429, str(error)
    count_refusal("busy" if status == 503 else "too_many")
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
