"""Measures requests in the web process: the whole of each, and where its time goes.

The ASGI application of `web.py` takes the time from the head of a request to the last byte of its answer. The
middleware runs in the thread of the request, and tells what of it was spent there.
"""

import time
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase

SPENT = "load.spent"  # in the scope of the request, of which Inbox makes copies: a list


class Spent:
    """Seconds of a request in its thread. `lock`: for that of a Page, which sync and webhooks hold, too, with
    the change that is sent together with it.

    `sql`, of all other statements, is by the clock, with the wait for the turn of the thread after it.
    """

    def __init__(self) -> None:
        self.entered = time.perf_counter()
        self.thread = self.processor = self.sql = self.lock = 0.0
        self.statements = 0
        self._processor_before = time.thread_time()

    def note_statement(self, execute: Callable, sql: Any, params: Any, many: bool, context: Any) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seconds = time.perf_counter() - started
            if "pg_advisory" in str(sql):
                self.lock += seconds
            else:
                self.sql += seconds
            self.statements += 1

    def leave(self) -> None:
        self.thread = time.perf_counter() - self.entered
        self.processor = time.thread_time() - self._processor_before


class Timing:
    """The first middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        spent = Spent()
        getattr(request, "scope", {}).get(SPENT, []).append(spent)
        with connection.execute_wrapper(spent.note_statement):
            response = self._get_response(request)
        spent.leave()
        return response
