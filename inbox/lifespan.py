"""What a web process does beside answering: hears progress and, unless told not to, works on jobs.

uvicorn waits for open responses before it says that it ends, and a stream is one. So its signals are heard
here, too: the sync in work is interrupted first, that its watchers learn it, then the streams end.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from django.conf import settings

from conversations.sync.live import live
from inbox import worker

LAST_SECONDS = 4  # a process that was told to end is gone within five, also on a busy machine


class Background:
    def __init__(self) -> None:
        self._listener: asyncio.Task | None = None
        self._worker: asyncio.Task | None = None
        self._end: asyncio.Task | None = None

    def start(self) -> None:
        self._listener = asyncio.create_task(live.run(), name="listener")
        if settings.EMBEDDED_WORKER:
            self._worker = asyncio.create_task(worker.embedded.run(), name="worker")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            chain(number, lambda: loop.call_soon_threadsafe(self.begin_end))

    def begin_end(self) -> asyncio.Task:
        self._end = self._end or asyncio.create_task(self._stop(), name="end")
        return self._end

    async def _stop(self) -> None:
        await cancelled(self._worker)
        live.stop()
        await cancelled(self._listener)


async def cancelled(task: asyncio.Task | None) -> None:
    """Ends it; one that does not end in time is left behind, that the streams end in time."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task], timeout=worker.END_SECONDS + 0.5)


def chain(number: int, before: Callable[[], object]) -> None:
    """Calls `before` when the signal comes, then whoever would have been called."""
    handler = signal.getsignal(number)

    def both(number, frame):
        end_at_last(number)
        before()
        if callable(handler):
            handler(number, frame)

    signal.signal(number, both)


def end_at_last(number: int) -> None:
    """Whatever hangs then (a request or a thread whose database does not answer) ends as by kill -9.

    That costs no data: what was committed is there, and locks die with their process.
    """
    last = threading.Timer(LAST_SECONDS, os._exit, [128 + number])
    last.daemon = True
    last.start()


async def lifespan(receive, send) -> None:
    background = Background()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            background.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await background.begin_end()
            await send({"type": "lifespan.shutdown.complete"})
            return
