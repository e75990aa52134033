"""The log of calls that reached the sandbox, without their secrets."""

import re
import threading
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .request import Place

SECRETS = {
    "batch",
    "access_token",
    "appsecret_proof",
    "input_token",
    "client_secret",
    "fb_exchange_token",
    "code",
    "verify_token",
}
DEFAULT_LIMIT = 25
NESTED_MESSAGES = re.compile(r"\bmessages\b(?:\.limit\((\d+)\))?")


@dataclass
class Call:
    method: str
    path: str  # without the version
    version: str | None
    params: dict[str, str]
    token_in: Place | None
    has_proof: bool
    started: float  # time.monotonic()
    at: float  # the world's clock
    page_id: str | None = None
    platform: str | None = None
    status: int | None = None  # None: not answered (yet)
    code: int | None = None  # Graph's error code
    fault: str | None = None
    is_batched: bool = False  # came inside a batch; the batch itself is a call without a Page
    conversations: int = 0  # served with the answer
    messages: int = 0

    @property
    def limit(self) -> int:
        """How many items the call asks for."""
        limit = self.params.get("limit", "")
        return int(limit) if limit.isdecimal() else DEFAULT_LIMIT

    @property
    def weight(self) -> int:
        """Conversations x messages that the call asks for; of a list without messages, its items."""
        nested = NESTED_MESSAGES.search(self.params.get("fields", ""))
        return self.limit * (int(nested[1] or DEFAULT_LIMIT) if nested else 1)

    @property
    def line(self) -> str:
        """Path and parameters as one text, to be matched by a regular expression."""
        return self.path + "?" + "&".join(f"{name}={value}" for name, value in self.params.items())


class CallLog:
    """Every call, in order of arrival; safe to read while the sandbox serves."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()

    @property
    def calls(self) -> list[Call]:
        with self._lock:
            return list(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(self.calls)

    def matching(self, pattern: str = "", **values: Any) -> list[Call]:
        """Calls whose line (`/path?name=value&…`) matches and whose attributes equal `values`."""
        return [
            call
            for call in self.calls
            if re.search(pattern, call.line) and all(getattr(call, name) == v for name, v in values.items())
        ]

    def most_in_a_second(self, **values: Any) -> int:
        """The highest number of calls that started within any one second."""
        starts = sorted(call.started for call in self.matching(**values))
        return max((bisect_left(starts, start + 1) - i for i, start in enumerate(starts)), default=0)
