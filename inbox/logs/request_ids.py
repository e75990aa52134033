"""Gives each HTTP request an id, which its log, its jobs and the header X-Request-ID of its response have."""

import re
import secrets
from collections.abc import Callable
from typing import Any

from conversations.lib.log_ids import log_ids

HEADER = b"x-request-id"
SAFE = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """An ASGI application around another one."""

    def __init__(self, application: Callable[..., Any]):
        self._application = application

    async def __call__(self, scope, receive, send) -> None:
        request_id = id_of(scope["headers"])

        async def send_with_id(message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (HEADER, request_id.encode())]
                message = {**message, "headers": headers}
            await send(message)

        with log_ids(request=request_id):
            await self._application(scope, receive, send_with_id)


def id_of(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the id that a proxy or client has chosen, if it is short and harmless, otherwise a new one."""
    given = [value for name, value in headers if name == HEADER]
    if len(given) == 1 and SAFE.fullmatch(given[0]):
        return given[0].decode()
    return secrets.token_hex(8)
