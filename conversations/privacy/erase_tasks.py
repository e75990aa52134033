"""The background task that deletes all data of Pages. It also continues after a process that died."""

import asyncio
import threading
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.models import Page
from conversations.models.privacy import Erasure
from conversations.privacy.erase_page import erase_all, start_erasure

QUEUE = "sync"
STOP_SECONDS = 2.5  # longer than one transaction takes


def request_erasure(page: Page, *, keep_page: bool, actor) -> Erasure:
    """Record a deletion and defer its job. Return the deletion in progress if there is one."""
    erasure = start_erasure(page, keep_page=keep_page, actor=actor)
    with suppress(AlreadyEnqueued), transaction.atomic():  # a waiting job will find it
        erase_pages.defer()
    return erasure


@app.periodic(cron="* * * * *")
@app.task(name="erase_pages", queue=QUEUE, queueing_lock="erase_pages", pass_context=False)
async def erase_pages(timestamp: int = 0) -> None:
    """Delete in steps. If the task is cancelled, it ends after the present step."""
    stopping = threading.Event()
    work = asyncio.ensure_future(sync_to_async(_erase, thread_sensitive=False)(stopping))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        stopping.set()
        await asyncio.wait([work], timeout=STOP_SECONDS)
        raise


def _erase(stopping: threading.Event) -> None:
    try:
        erase_all(stopping.is_set)
    finally:
        connection.close()
