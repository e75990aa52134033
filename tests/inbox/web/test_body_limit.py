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


# -- forms with a file -------------------------------------------------------------------------------------
FORM = {
    "type": "http",
    "method": "POST",
    "path": "/api/conversations/7/messages",
    "headers": [(b"content-type", b"multipart/form-data; boundary=x"), (b"authorization", b"Token 1")],
}


async def send_form(scope: dict, chunks: list[bytes | None]) -> tuple[int, bytes]:
    """Return the status, and the body as the application has read it."""
    left, codes, seen = list(chunks), list[int](), list[bytes]()

    async def application(scope, receive, send) -> None:
        has_more = True
        while has_more:
            message = await receive()
            seen.append(message["body"])
            has_more = message["more_body"]
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> dict:
        chunk = left.pop(0) if left else b""
        if chunk is None:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    async def answer(message: dict) -> None:
        codes.append(message.get("status", 0))

    await BodyLimit(application, max_bytes=2_500_000)(scope, receive, answer)
    return codes[0], b"".join(seen)


def test_form_with_a_file_may_be_larger_than_other_bodies():
    chunks = [bytes([number]) * 2**20 for number in range(25)]
    assert asyncio.run(send_form(FORM, chunks)) == (200, b"".join(chunks))
    assert asyncio.run(send_form(FORM, [*chunks, b"x" * 2**20]))[0] == 413
    assert asyncio.run(send_form(FORM | {"path": "/api/tags"}, chunks))[0] == 413
    assert asyncio.run(send_form(FORM | {"headers": []}, chunks))[0] == 413


def test_one_user_sends_two_forms_at_once():
    async def talk() -> list[int]:
        slow = [asyncio.create_task(send_form(FORM, [b"x", None])) for _ in range(2)]
        await asyncio.sleep(0)
        other = FORM | {"headers": [FORM["headers"][0], (b"authorization", b"Token 2")]}
        codes = [(await send_form(scope, [b"x"]))[0] for scope in (FORM, other)]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        return [*codes, (await send_form(FORM, [b"x"]))[0]]

    assert asyncio.run(talk()) == [429, 200, 200]
