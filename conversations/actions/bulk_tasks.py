"""The background task that works on bulk operations. It also continues after a process that died."""

import asyncio
import threading
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.actions.bulk_operations import work

QUEUE = "sync"
STOP_SECONDS = 2.5  # longer than one slice takes


def request_work() -> None:
    """Defer a job that works on the operations of this transaction."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # a waiting job will find them
        work_on_operations.defer()


@app.periodic(cron="* * * * * */15")
@app.task(name="work_on_operations", queue=QUEUE, queueing_lock="work_on_operations", pass_context=False)
async def work_on_operations(timestamp: int = 0) -> None:
    """Work in slices. If the task is cancelled, it ends after the present slice."""
    stopping = threading.Event()
    working = asyncio.ensure_future(sync_to_async(_work, thread_sensitive=False)(stopping))
    try:
        await asyncio.shield(working)
    except asyncio.CancelledError:
        stopping.set()
        await asyncio.wait([working], timeout=STOP_SECONDS)
        raise


def _work(stopping: threading.Event) -> None:
    try:
        work(stopping.is_set)
    finally:
        connection.close()
