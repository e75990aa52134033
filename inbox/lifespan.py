"""What a web process does beside answering: hears progress and, unless told not to, works on jobs.

uvicorn waits for open responses before it says that it ends, and a stream is one. So its signals are heard
here, too: the sync in work is interrupted first, that its watchers learn it, then the streams end.
"""

import asyncio
import logging
import signal
from typing import cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from conversations.jobs import take_over
from conversations.sync.live import live

logger = logging.getLogger(__name__)

WORK_AGAIN_SECONDS = 5


class Background:
    def __init__(self) -> None:
        self._listener: asyncio.Task | None = None
        self._worker: asyncio.Task | None = None
        self._end: asyncio.Task | None = None

    def start(self) -> None:
        self._listener = asyncio.create_task(live.run(), name="listener")
        if settings.EMBEDDED_WORKER:
            self._worker = asyncio.create_task(work(), name="worker")
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
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def chain(number: int, before) -> None:
    """Calls `before` when the signal comes, then whoever would have been called."""
    handler = signal.getsignal(number)

    def both(number, frame):
        before()
        if callable(handler):
            handler(number, frame)

    signal.signal(number, both)


async def work() -> None:
    """A worker, and another one when it fails: the database may have been away."""
    while True:
        try:
            await sync_to_async(take_over_at_start, thread_sensitive=False)()
            connector = cast(DjangoConnector, app.connector).get_worker_connector()
            worker = app.with_connector(connector)
            async with worker.open_async():
                await worker.run_worker_async(install_signal_handlers=False, name="web")
        except Exception as error:
            logger.warning("The worker stopped, another one begins in %s s: %s", WORK_AGAIN_SECONDS, error)
        await asyncio.sleep(WORK_AGAIN_SECONDS)


def take_over_at_start() -> None:
    try:
        take_over(at_start=True)
    finally:
        connection.close()


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
