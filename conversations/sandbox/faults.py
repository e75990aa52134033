"""Fault injection: into the next n matching calls, or into any call with a given seed and probability."""

import gzip
import math
import random
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .call_log import Call
from .clock import Moment, epoch
from .responses.error_responses import GraphFailure, bad_token, too_heavy

HTML = (
    "<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>"
)


@dataclass(frozen=True)
class Fault:
    kind: Literal["error", "body", "headers", "slow", "hang", "reset", "truncated", "cut off", "drip"]
    name: str = ""
    failure: GraphFailure | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: str | bytes = ""
    seconds: float = 0.0
    where: Literal["headers", "body"] = "body"
    # Of calls that change something, such as sending a message (send_api/send_faults.py):
    acts: bool | None = (
        None  # the call does what it says; None: unless the answer is an error or another body
    )
    late_seconds: float = 0.0  # until it does, by the world's clock
    copies: int = 1  # how often
    omit: tuple[str, ...] = ()  # what is missing in the answer

    @property
    def does_act(self) -> bool:
        return self.kind not in ("error", "body") if self.acts is None else self.acts


def graph_error(
    code: int, subcode: int | None = None, *, status: int = 400, message: str = "", **fields: Any
) -> Fault:
    failure = GraphFailure(
        code, message or f"(#{code}) Injected failure", subcode=subcode, status=status, **fields
    )
    return Fault("error", f"code {code}", failure)


def unknown_error(status: int = 500) -> Fault:
    return graph_error(1, status=status, message="An unknown error has occurred.")


def unavailable(status: int = 503) -> Fault:
    return graph_error(2, status=status, message="Service temporarily unavailable", is_transient=True)


def reduce_data() -> Fault:
    return Fault("error", "code 1", too_heavy())


def token_error(subcode: int | None = None, status: int = 400) -> Fault:
    return Fault("error", "code 190", bad_token(subcode, status))


def permission_error(code: int = 10, subcode: int | None = None, status: int = 403) -> Fault:
    message = f"(#{code}) Application does not have permission for this action"
    return graph_error(code, subcode, status=status, message=message)


def html(status: int = 502) -> Fault:
    return Fault(
        "body", "html", status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=HTML
    )


def text(body: str = "Service Unavailable", status: int = 200) -> Fault:
    """An answer that is not JSON, also with a status of success."""
    return Fault("body", "text", status=status, headers={"Content-Type": "text/html"}, body=body)


def redirect(location: str = "https://example.com/", status: int = 302) -> Fault:
    return Fault("body", "redirect", status=status, headers={"Location": location})


def oversized(size: int, *, packed: bool = False) -> Fault:
    """A JSON object of that many bytes; compressed, about a thousandth of it."""
    body = b"{" + b" " * (size - 2) + b"}"
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if packed else {})
    return Fault("body", "oversized", headers=headers, body=gzip.compress(body) if packed else body)


def deep(levels: int) -> Fault:
    """Valid JSON: deeply nested objects."""
    return Fault("body", "deep", body='{"a":' * levels + "1" + "}" * levels)


def headers(given: dict[str, str]) -> Fault:
    """The real answer with changed or additional headers."""
    return Fault("headers", "headers", headers=given)


def drip(seconds: float = 60, where: Literal["headers", "body"] = "body") -> Fault:
    """Sends one byte at a time, with pauses, in an endless header or in the body."""
    return Fault("drip", f"drip in {where}", seconds=seconds, where=where)


def slow(seconds: float) -> Fault:
    return Fault("slow", "slow", seconds=seconds)


def hang(seconds: float = 3600) -> Fault:
    """No answer; the connection closes after `seconds`, or when the sandbox stops."""
    return Fault("hang", "hang", seconds=seconds)


def reset() -> Fault:
    return Fault("reset", "reset")


def truncated() -> Fault:
    """Half of the JSON, in a response that is otherwise complete."""
    return Fault("truncated", "truncated")


def cut_off() -> Fault:
    """The connection closes in the middle of the body."""
    return Fault("cut off", "cut off")


CLOSING = ("hang", "reset", "cut off", "drip")  # kinds after which the connection closes
# Values of X-Business-Use-Case-Usage that say nothing, or say it in another shape.
ODD_USAGE = (
    "",
    "null",
    "[]",
    "{}",
    "not JSON",
    '{"1": null}',
    '{"1": []}',
    '{"1": {"type": "messenger", "call_count": 3}}',
    '{"1": [null, 5, "x"]}',
    '{"1": [{"type": "messenger"}]}',
    '{"1": [{"call_count": 3, "total_cputime": 1, "total_time": 1}]}',
    '{"1": [{"type": "messenger", "call_count": "3", "estimated_time_to_regain_access": "0"}]}',
    '{"1": [{"type": "messenger", "call_count": 3.5, "estimated_time_to_regain_access": null}]}',
    '[{"type": "messenger", "call_count": 3}]',
    '{"type": "messenger", "call_count": 3}',
)


def odd_usage(number: int = 0) -> Fault:
    """The real answer with one of ODD_USAGE in its header."""
    return headers({"X-Business-Use-Case-Usage": ODD_USAGE[number]})


STORM = (unknown_error(), unavailable(), unavailable(500), html(), text(), reset(), truncated(), cut_off())


@dataclass
class Order:
    fault: Fault
    times: int | None  # None: no limit
    path: re.Pattern[str]  # searched in the line of the call: /path?name=value&…
    platform: str | None
    page_id: str | None
    after: int  # matching calls before the first fault
    above: int  # only calls that ask for more items
    above_weight: int  # only calls that ask for more conversations x messages
    until: float  # by the world's clock

    def fits(self, call: Call) -> bool:
        return (
            self.times != 0
            and call.at < self.until
            and call.limit > self.above
            and call.weight > self.above_weight
            and self.platform in (None, call.platform)
            and self.page_id in (None, call.page_id)
            and bool(self.path.search(call.line))
        )


class Faults:
    def __init__(self) -> None:
        self._orders: list[Order] = []
        self._storm: tuple[random.Random, float, Sequence[Fault], re.Pattern[str]] | None = None
        self._cuts = 0
        self._lock = threading.Lock()

    def add(
        self,
        fault: Fault,
        *,
        times: int | None = 1,
        path: str = "",
        platform: str | None = None,
        page_id: str | None = None,
        after: int = 0,
        above: int = -1,
        above_weight: int = -1,
        until: Moment = math.inf,
    ) -> None:
        """Play `fault` for the next `times` calls that match, after `after` of them have passed.

        `above` and `above_weight` match only calls that ask for more items, or conversations x messages;
        `until` is a time of the world's clock."""
        order = Order(
            fault, times, re.compile(path), platform, page_id, after, above, above_weight, epoch(until)
        )
        with self._lock:
            self._orders.append(order)

    def cut(self, connections: int) -> None:
        """Reset the next connections as soon as they are made, before anything of a call is read."""
        with self._lock:
            self._cuts = connections

    def takes_connection(self) -> bool:
        """Count a connection that is made. Return whether it stays."""
        with self._lock:
            if self._cuts:
                self._cuts -= 1
                return False
            return True

    def storm(
        self, probability: float, *, seed: int = 1, faults: Sequence[Fault] = STORM, path: str = ""
    ) -> None:
        """Let any call that matches `path` fail at random; the same seed gives the same faults."""
        with self._lock:
            self._storm = (random.Random(seed), probability, faults, re.compile(path))

    def clear(self) -> None:
        with self._lock:
            self._orders, self._storm, self._cuts = [], None, 0

    def take(self, call: Call) -> Fault | None:
        with self._lock:
            return self._ordered(call) or self._by_chance(call)

    def _ordered(self, call: Call) -> Fault | None:
        for order in self._orders:
            if not order.fits(call):
                continue
            if order.after:
                order.after -= 1
                continue
            order.times = None if order.times is None else order.times - 1
            return order.fault
        return None

    def _by_chance(self, call: Call) -> Fault | None:
        if self._storm is None:
            return None
        chance, probability, faults, path = self._storm
        if not path.search(call.line):
            return None
        return chance.choice(faults) if chance.random() < probability else None
