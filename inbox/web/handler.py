"""Answers HTTP requests: middleware, view and database connection of one request all in one thread.

Django's own ASGI handler changes the thread for each middleware, which costs more than a list of 50
conversations. Here the event loop hands a request to a thread once and sends what comes back.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import sync_to_async
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.core.handlers.base import BaseHandler
from django.db import close_old_connections
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import set_script_prefix
from django.utils.functional import SimpleLazyObject

from conversations.lib.request_scope import note_user
from conversations.lib.timeouts import limit_statements
from inbox.web.request_counts import note_route

# Most of them wait: for the database, or for Facebook. They are started when they are needed.
MAX_THREADS = 128


class RequestHandler(ASGIHandler):
    """A view may return a response with `follow`, a coroutine function that returns the real response later.

    It is awaited in the event loop, where it holds no thread, and gets the headers of the first one.
    """

    def __init__(self) -> None:
        BaseHandler.__init__(self)
        self.load_middleware(is_async=False)
        self._threads = ThreadPoolExecutor(MAX_THREADS, "request", initializer=limit_statements)

    async def handle(self, scope, receive, send) -> None:
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        with body:
            set_script_prefix(get_script_prefix(scope))
            request, refusal = self.create_request(scope, body)
            response: HttpResponseBase = refusal or await self._in_thread(self._respond)(scope, request)
            if is_long(response):
                await self._send_until_disconnect(response, receive, send)
            else:
                await self.send_response(response, send)

    def _in_thread(self, function) -> Any:
        return sync_to_async(function, thread_sensitive=False, executor=self._threads)

    def _respond(self, scope, request: ASGIRequest) -> HttpResponseBase:
        signals.request_started.send(sender=self.__class__, scope=scope)
        response = self.get_response(request)
        note_user_of(request)
        note_route(scope, request.resolver_match)
        vars(response)["_handler_class"] = self.__class__  # the sender of the signal when it is closed
        if isinstance(response, FileResponse):
            response.block_size = self.chunk_size
        if is_long(response):
            close_old_connections()  # the thread keeps none for its next request
        else:
            response.close()  # here, because it closes the database connection of this thread
        return response

    async def _send_until_disconnect(self, response: HttpResponseBase, receive, send) -> None:
        """Send a response that may take long, or end it when the client leaves."""
        responses = [response]
        sending = asyncio.ensure_future(self._send_long(responses, send))
        leaving = asyncio.ensure_future(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait([sending, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, sending):
                task.cancel()
            _, result = await asyncio.gather(leaving, sending, return_exceptions=True)
            for opened in responses:
                await sync_to_async(opened.close)()
        if isinstance(result, Exception):
            raise result

    async def _send_long(self, responses: list[HttpResponseBase], send) -> None:
        response = responses[0]
        if follow := getattr(response, "follow", None):
            final = await follow()
            responses.append(final)
            for name, value in response.items():
                if name not in ("Content-Type", "Content-Length"):
                    final.headers.setdefault(name, value)
            final.cookies.update(response.cookies)
            response = final
        await self.send_response(response, send)


def note_user_of(request: ASGIRequest) -> None:
    """Note who sent the request, if it is known."""
    user = known_user(request)
    if user is not None:
        note_user(user.pk)


def known_user(request: HttpRequest) -> Any:
    """Return who sent the request, if a view or a middleware has asked for it; otherwise None."""
    user = vars(request).get("user")
    if isinstance(user, SimpleLazyObject):
        user = vars(user)["_wrapped"]
    return user if hasattr(user, "pk") else None


def is_long(response: HttpResponseBase) -> bool:
    return response.streaming or hasattr(response, "follow")
