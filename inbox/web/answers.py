"""Answers that are sent before Django is asked: JSON under /api/, plain text elsewhere."""

import json

PRIVATE = [(b"cache-control", b"private, no-store"), (b"vary", b"Authorization, Cookie")]


async def answer(scope, send, status: int, message: str, *, retry_after: int = 0) -> None:
    is_api = scope["path"].startswith("/api/")
    body = json.dumps({"error": message}).encode() if is_api else f"{message}\n".encode()
    kind = b"application/json" if is_api else b"text/plain; charset=utf-8"
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        *PRIVATE,
    ]
    if retry_after:
        headers.append((b"retry-after", str(retry_after).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
