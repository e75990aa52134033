"""Counts requests by method, route and status, and how long each took until its answer began.

A stream begins at once and then stays open: its length is no time that anybody waits.
"""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from conversations.lib.process_numbers import numbers
from conversations.lib.routes import WEBHOOKS

ROUTE = "inbox.route"  # in the scope: a list in which the handler writes the name of the route
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
NO_ROUTE = "none"  # an address that does not exist, or a request that was refused before anybody looked


class RequestCounts:
    """An ASGI application in front of another one."""

    def __init__(self, application: Callable[..., Any]):
        self._application = application

    async def __call__(self, scope, receive, send) -> None:
        begun, route = time.perf_counter(), list[str]()

        async def send_on(message: dict) -> None:
            if message["type"] == "http.response.start":
                note(scope, route, message["status"], time.perf_counter() - begun)
            await send(message)

        await self._application({**scope, ROUTE: route}, receive, send_on)


def note(scope, route: list[str], status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    name = route[0] if route else route_in_front(scope["path"])
    numbers.count("inbox_http_requests", method, name, str(status))
    numbers.observe("inbox_http_request_seconds", seconds, name)


def route_in_front(path: str) -> str:
    """Return the name for what is answered in front of Django, never the path: anybody can invent one."""
    if path == WEBHOOKS:
        return "webhook"
    return "static" if path.startswith(settings.STATIC_URL) else NO_ROUTE


def note_route(scope, match: Any) -> None:
    """Tell which route answers this request; `match` is Django's, None for an unknown address."""
    if match is not None and ROUTE in scope:
        scope[ROUTE].append(match.view_name)
