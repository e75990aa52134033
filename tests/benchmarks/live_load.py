"""python -m tests.benchmarks.live_load: sends webhooks at a given rate and reads event streams.

Its task is JSON on standard input. Prints the seconds of each answer, of each event at each reader, and what
failed.
"""

import asyncio
import hmac
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

CONNECTIONS = 24  # that Facebook keeps open
AFTER_SECONDS = 5  # the last event has this long to arrive


class Connection:
    """An HTTP connection that is kept open, with as little work of its own as possible."""

    def __init__(self, port: int, secret: str):
        self.port, self._secret = port, secret.encode()

    async def open(self) -> "Connection":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def post(self, body: bytes) -> int:
        signature = hmac.digest(self._secret, body, "sha256").hex()
        head = (
            f"POST /webhooks/facebook HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n"
            f"Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(int(length.split(b":")[1]))
        return int(answer.split(b" ", 2)[1])


class Readers:
    """Many readers of /api/events. `arrived(reader, conversation_ids, at)` is called for each change."""

    def __init__(
        self, port: int, keys: Sequence[str], arrived: Callable[[int, list[int] | None, float], None]
    ):
        self._port, self._keys, self._arrived = port, keys, arrived
        self._tasks: list[asyncio.Task] = []

    async def open(self, number: int) -> None:
        """Open the streams one after the other, as people come. Raises what one of them raised."""
        for n in range(number):
            ready = asyncio.Event()
            task = asyncio.create_task(self._read(n, ready))
            self._tasks.append(task)
            opened = asyncio.create_task(ready.wait())
            await asyncio.wait([task, opened], return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
                raise RuntimeError("A stream has ended.")

    async def _read(self, number: int, ready: asyncio.Event) -> None:
        key = self._keys[number % len(self._keys)]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        head = (
            f"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nAuthorization: Token {key}\r\n\r\n"
        )
        writer.write(head.encode())
        status = await reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"A stream was refused: {status!r}")
        while line := await reader.readline():
            if line.startswith(b": "):  # it is open
                ready.set()
            if line.startswith(b"data: ") and "conversationIds" in (event := parse(line)):
                self._arrived(number, event["conversationIds"], time.perf_counter())

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()


@lru_cache(64)  # all readers get the same lines
def parse(line: bytes) -> dict:
    return json.loads(line.removeprefix(b"data: "))


async def send_all(
    port: int, secret: str, bodies: Sequence[bytes], rate: float, begun: dict[int, float]
) -> dict:
    """Send the bodies at this rate, late or not. Return the seconds from the planned time to each answer."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(min(CONNECTIONS, len(bodies))):
        free.put_nowait(await Connection(port, secret).open())
    seconds, failed = [], 0

    async def send(number: int, due: float) -> None:
        nonlocal failed
        connection = await free.get()
        begun[number] = due
        failed += await connection.post(bodies[number]) != 200
        seconds.append(time.perf_counter() - due)
        free.put_nowait(connection)

    start, tasks = time.perf_counter(), []
    for number in range(len(bodies)):
        due = start + number / rate
        await asyncio.sleep(max(0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(send(number, due)))
    await asyncio.gather(*tasks)
    return {"seconds": seconds, "failed": failed}


async def run(task: dict) -> dict:
    bodies = [body.encode() for body in task["bodies"]]
    begun: dict[int, float] = {}
    by_conversation = {pk: number for number, pk in enumerate(task.get("conversations", ()))}
    waits: list[float] = []
    shown_to: list[set[int]] = [set() for _ in range(task.get("readers", 0))]  # deliveries, by reader

    def arrived(reader: int, ids: list[int] | None, at: float) -> None:
        told = by_conversation if ids is None else ids
        numbers = {by_conversation[pk] for pk in told if pk in by_conversation}
        new = numbers & begun.keys() - shown_to[reader]
        shown_to[reader] |= new
        waits.extend(at - begun[number] for number in new)

    readers = Readers(task["port"], task.get("keys", ()), arrived)
    await readers.open(task.get("readers", 0))
    result = await send_all(task["port"], task["secret"], bodies, task["rate"], begun)
    expected, end = len(bodies) * task.get("readers", 0), time.perf_counter() + AFTER_SECONDS
    while len(waits) < expected and time.perf_counter() < end:
        await asyncio.sleep(0.05)
    readers.close()
    return result | {"waits": waits, "missing": max(0, expected - len(waits))}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(json.load(sys.stdin)))))  # noqa: T201 - for its parent
