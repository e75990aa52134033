"""The background of a web process: it listens for progress and, unless disabled, runs jobs.

uvicorn waits for open responses before it reports a shutdown, and a stream is an open response. Signals are
therefore handled here as well: first the running syncs are interrupted, so that their watchers are notified,
then the streams end.
"""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from conversations.realtime.listener import run_listener
from inbox.database.capacity import warn_if_near
from inbox.process import worker
from inbox.process.loading import loading
from inbox.process.measures import report_forever

logger = logging.getLogger(__name__)

BESIDE_JOBS = 8  # threads in which streams look up what they send
LAST_SECONDS = 4  # a signaled process ends within five, also on a busy machine


def add_threads(loop: asyncio.AbstractEventLoop, jobs: int) -> None:
    """Let each job have a thread, some of which wait for Facebook, and leave some to the streams.

    By default a loop has four more than the machine has processors.
    """
    loop.set_default_executor(ThreadPoolExecutor(jobs + BESIDE_JOBS, "background"))


class Background:
    def __init__(self) -> None:
        self._listener: asyncio.Task | None = None
        self._worker: asyncio.Task | None = None
        self._end: asyncio.Task | None = None
        self._reports: asyncio.Task | None = None

    def start(self) -> None:
        self._check = asyncio.create_task(check_database(), name="check")
        self._listener = asyncio.create_task(run_listener.run(), name="listener")
        self._reports = asyncio.create_task(report_forever(), name="reports")
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
        await cancelled(self._reports)
        run_listener.stop()
        await cancelled(self._listener)


async def check_database() -> None:
    try:
        await sync_to_async(warn_if_near, thread_sensitive=False)()
    except ImproperlyConfigured as error:
        logger.critical("%s", error)
        os.kill(os.getpid(), signal.SIGTERM)  # as if it had not started


async def work() -> None:
    await loading.finished()  # the threads of jobs import, too
    await worker.embedded.run()


async def cancelled(task: asyncio.Task | None) -> None:
    """Stop it. If it does not stop in time, continue without it, so that the streams end in time."""
    if task is not None:
        task.cancel()
        await asyncio.wait([task], timeout=worker.END_SECONDS + 0.5)


def chain(number: int, before: Callable[[], object]) -> None:
    """Call `before` when the signal arrives, then the previous handler."""
    handler = signal.getsignal(number)

    def both(number, frame):
        exit_eventually(number)
        before()
        if callable(handler):
            handler(number, frame)

    signal.signal(number, both)


def exit_eventually(number: int) -> None:
    """End the process after LAST_SECONDS even if a request or a thread hangs, as kill -9 would.

    No data is lost: committed data is stored, and locks die with their process.
    """
    last = threading.Timer(LAST_SECONDS, os._exit, [128 + number])
    last.daemon = True
    last.start()


async def lifespan(receive, send) -> None:
    background = Background()
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            add_threads(asyncio.get_running_loop(), settings.JOBS)
            loading.start()
            background.start()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await background.begin_end()
            await send({"type": "lifespan.shutdown.complete"})
            return
