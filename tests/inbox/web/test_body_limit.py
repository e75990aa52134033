"""Bodies are bounded, one by one and together."""

import asyncio

from inbox.web.body_limit import ALWAYS_READ, MAX_TOTAL, BodyLimit

SCOPE = {"type": "http", "path": "/api/tags", "headers": []}


class Server:
    """A server whose application answers 200. Clients send chunks; one that ends with None stays silent."""

    def __init__(self) -> None:
        self.application = BodyLimit(self.answer, max_bytes=2_500_000)

    async def answer(self, scope, receive, send) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200})

    async def send(self, *chunks: bytes | None) -> int:
        left, codes = list(chunks), list[int]()

        async def receive() -> dict:
            chunk = left.pop(0) if left else b""
            if chunk is None:
                await asyncio.Event().wait()
            return {"type": "http.request", "body": chunk, "more_body": bool(left)}

        async def answer(message: dict) -> None:
            codes.append(message.get("status", 0))

        await self.application(SCOPE, receive, answer)
        return codes[0]


def test_slow_bodies_of_strangers_leave_room_for_small_ones():
    async def talk() -> list[int]:
        server = Server()
        piece = b"x" * 2**21
        slow = [asyncio.create_task(server.send(piece, None)) for _ in range(MAX_TOTAL // len(piece))]
        await asyncio.sleep(0)
        codes = [await server.send(b"x" * size) for size in (2**21, ALWAYS_READ + 1, 100)]
        codes.append(await server.send(b"x" * ALWAYS_READ))
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return [*codes, await server.send(piece)]

    assert asyncio.run(talk()) == [503, 503, 200, 200, 200]
