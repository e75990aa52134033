"""What one HTTP request holds while it lasts: its place among the requests at work, and what ends with it.

inbox/web/admission.py opens a scope for each request. Code without one (jobs, commands, Django's test client)
is not limited.
"""

import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from math import inf

from django.db import connection
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

RETRY_SECONDS = 2  # the Retry-After of a refusal
# The request in whose context code runs; None in jobs and commands. A middleware sets it.
current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)


class ServerBusy(Exception):
    """All places are taken. The response is a 503 with Retry-After, and one line in the log."""


class TooManyRequests(Exception):
    """One user holds as many places as one user may. The response is a 429 with Retry-After."""


class RequestScope:
    """`user`: the ID of who sent the request, None for a stranger; `was_user_read`: whether it is known."""

    def __init__(self, leave_work: Callable[[], None]):
        self._leave_work = leave_work
        self._exits = ExitStack()
        self.user: Hashable | None = None
        self.was_user_read = False

    def leave_work(self) -> None:
        """Give the place to another request: this one waits for something, without a database connection."""
        self._leave_work()

    def hold(self, places: "Places", user: Hashable) -> None:
        """Take a place until the request ends."""
        self._exits.enter_context(places.take(user))

    def end(self) -> None:
        self._exits.close()


current_scope: ContextVar[RequestScope | None] = ContextVar("current_scope", default=None)


def leave_work() -> None:
    """Tell that this request is no longer at work, though its response has not ended."""
    if scope := current_scope.get():
        scope.leave_work()


def note_user(user: Hashable | None) -> None:
    """Tell who sent this request; None for a stranger."""
    if scope := current_scope.get():
        scope.user, scope.was_user_read = user, True


def release_connection() -> None:
    """Give the database connection of this thread back to the pool, for as long as the request waits."""
    if current_scope.get():
        connection.close()


def hold_until_end(places: "Places", user: Hashable) -> None:
    if scope := current_scope.get():
        scope.hold(places, user)


class Places:
    """A number of places in this process, of which one user may hold some. Safe to use from threads."""

    def __init__(self, what: str | Promise, *, per_user: int, in_all: float = inf):
        self._what, self._per_user, self._in_all = what, per_user, in_all
        self._lock = threading.Lock()
        self._taken: Counter[Hashable] = Counter()

    @contextmanager
    def take(self, user: Hashable) -> Iterator[None]:
        """Hold a place for this user. Raises TooManyRequests or ServerBusy if there is none."""
        self._enter(user)
        try:
            yield
        finally:
            self._exit(user)

    def require_free(self, user: Hashable) -> None:
        """Raise TooManyRequests or ServerBusy if this user would get no place at this moment."""
        with self._lock:
            self._require_free(user)

    @property
    def taken(self) -> int:
        """How many are taken, by all users."""
        with self._lock:
            return self._taken.total()

    def _require_free(self, user: Hashable) -> None:
        if self._taken.get(user, 0) >= self._per_user:
            raise TooManyRequests(
                gettext("You have %(number)s %(what)s already. Close one, or wait until one ends.")
                % {"number": self._per_user, "what": self._what}
            )
        if self._taken.total() >= self._in_all:
            raise ServerBusy(
                gettext("The server has %(number)s %(what)s. Try again later.")
                % {"number": self._in_all, "what": self._what}
            )

    def _enter(self, user: Hashable) -> None:
        with self._lock:
            self._require_free(user)
            self._taken[user] += 1

    def _exit(self, user: Hashable) -> None:
        with self._lock:
            self._taken[user] -= 1
            if not self._taken[user]:
                del self._taken[user]


MAX_STREAMS = 500  # of a process
STREAMS = Places(_("open streams and exports"), per_user=20, in_all=MAX_STREAMS)
