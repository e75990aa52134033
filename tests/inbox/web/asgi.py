"""Sends a request to an ASGI application, in this process."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

Header = tuple[bytes, bytes]


def request(
    application: Callable[..., Any],
    address: str,
    headers: Iterable[Header] = (),
    *,
    method: str = "GET",
    body: bytes = b"",
) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers by their name in lower case, and body of the response."""
    return asyncio.run(_send(application, address, headers, method, body))


async def leave(application: Callable[..., Any], address: str) -> None:
    """Send a request, and leave when the answer begins."""
    requests, left = [{"type": "http.request", "body": b""}], asyncio.Event()

    async def receive():
        if not requests:
            await left.wait()
        return requests.pop() if requests else {"type": "http.disconnect"}

    async def send(message):
        left.set()
        await asyncio.Event().wait()  # nothing is read any more

    await application(_scope(address), receive, send)


def _scope(address: str, headers: Iterable[Header] = (), method: str = "GET", body: bytes = b"") -> dict:
    path, _, query = address.partition("?")
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), (b"content-length", str(len(body)).encode()), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
    }


async def _send(application, address, headers, method, body):
    requests, sent = [{"type": "http.request", "body": body}], []

    async def receive():
        return requests.pop() if requests else await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    await application(_scope(address, headers, method, body), receive, send)
    start, *parts = sent
    assert not parts[-1].get("more_body")
    names = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], names, b"".join(part.get("body", b"") for part in parts)
