"""Large bodies at the address of webhooks are read a few at a time."""

import asyncio

from inbox.web import webhook_endpoint
from inbox.web.webhook_endpoint import LARGE_AT_ONCE, MAX_INLINE, WebhookEndpoint

SIGNATURE = (b"x-hub-signature-256", b"sha256=" + b"0" * 64)
LARGE, SMALL = str(MAX_INLINE + 1).encode(), str(MAX_INLINE).encode()


def test_large_bodies_wait_for_their_turn_and_small_ones_do_not(settings, monkeypatch):
    settings.FACEBOOK_WEBHOOK_SECRETS = ["secret"]
    monkeypatch.setattr(webhook_endpoint, "LARGE_WAIT_SECONDS", 0.05)
    reading: list[bytes | None] = []
    answers: list[int] = []

    async def deliver(endpoint: WebhookEndpoint, length: bytes | None, leave: asyncio.Event) -> None:
        headers = [SIGNATURE, *([(b"content-length", length)] if length else [])]

        async def receive() -> dict:
            if not leave.is_set():
                reading.append(length)
            await leave.wait()
            return {"type": "http.request", "body": b"{}"}

        async def send(message: dict) -> None:
            answers.append(message.get("status", 0))

        scope = {"type": "http", "method": "POST", "path": webhook_endpoint.WEBHOOKS, "headers": headers}
        await endpoint(scope, receive, send)

    async def talk() -> None:
        endpoint, leave = WebhookEndpoint(deliver), asyncio.Event()
        lengths = [LARGE] * LARGE_AT_ONCE + [None] * 3 + [SMALL]  # None: chunked
        tasks = [asyncio.create_task(deliver(endpoint, length, leave)) for length in lengths]
        await asyncio.sleep(0)
        assert sorted(map(str, reading)) == sorted(map(str, [LARGE] * LARGE_AT_ONCE + [SMALL]))
        await asyncio.sleep(0.1)
        leave.set()
        await asyncio.gather(*tasks)
        tasks = [asyncio.create_task(deliver(endpoint, LARGE, leave)) for _ in range(LARGE_AT_ONCE + 1)]
        await asyncio.gather(*tasks)

    asyncio.run(talk())
    assert sorted(status for status in answers if status) == [403] * (2 * LARGE_AT_ONCE + 2) + [503] * 3
