"""The options of a GraphClient, and the hooks that it calls while it works. All times are in seconds."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from msgspec import Struct

from conversations.graph.errors import GraphError

OnWait = Callable[[GraphError, float], None]


class HttpLimits(Struct, frozen=True):
    """The limits of one request: to connect, between two parts of a response, for a whole response; its size.

    Facebook itself gives up before `response_seconds`.
    """

    connect_seconds: float = 10
    read_seconds: float = 60
    response_seconds: float = 180
    max_bytes: int = 64 * 1024 * 1024


class GraphOptions(Struct, frozen=True):
    """Where and how a client makes its requests.

    At most `calls_per_second` requests (0: no limit) start in any second. `retry_seconds` is the first pause
    after a transient error. With an `app_secret` each request is signed. `account_ids` are those of the Page
    and its Instagram account: usage headers also have counters of others.
    """

    platform: str = "messenger"
    url: str = "https://graph.facebook.com"
    version: str = "v26.0"
    app_secret: str = ""
    calls_per_second: float = 2
    retry_seconds: float = 1
    limits: HttpLimits = HttpLimits()
    account_ids: tuple[str, ...] = ()


class Hooks:
    """What a client calls while it works. These have no effect: a subclass overrides what it needs."""

    def on_wait(self, error: GraphError, seconds: float) -> None:
        """Called before each pause; for a rate limit (RateLimitError) once for all threads."""

    def on_note(self, text: str) -> None:
        """Called with a text that the owner of the Page should know."""

    def on_start(self) -> None:
        """Called in the thread of a request when the request may start."""

    def sleep(self, seconds: float) -> None:
        """Sleep. All pauses of a client are made here; raises to end the request of this thread."""
        time.sleep(seconds)

    def parsing(self) -> AbstractContextManager[object]:
        """Return a context for making records of a response. A lock lets one thread do so at a time."""
        return nullcontext()
