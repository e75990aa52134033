"""Runs work that consists of steps in a thread, for a task that must end soon when its worker is stopped."""

import asyncio
import threading
from collections.abc import Callable

from asgiref.sync import sync_to_async
from django.db import connection

STOP_SECONDS = 2.5  # longer than one step takes


async def run_in_steps(work: Callable[[Callable[[], bool]], object]) -> None:
    """Call `work` with a function that tells whether to stop after the present step, and await its end.

    If the task is cancelled, that function returns True, and the present step is awaited. The thread closes
    its database connection.
    """
    stopping = threading.Event()
    working = asyncio.ensure_future(sync_to_async(_work, thread_sensitive=False)(work, stopping))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        stopping.set()
        await asyncio.wait([working], timeout=STOP_SECONDS)
        raise


def _work(work: Callable[[Callable[[], bool]], object], stopping: threading.Event) -> None:
    try:
        work(stopping.is_set)
    finally:
        connection.close()
