"""The job that deletes everything of Pages: asked for, and gone on with after a process that died."""

import asyncio
import threading
from contextlib import suppress

from asgiref.sync import sync_to_async
from django.db import connection, transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.forgetting.pages import begin_erasing, erase_all
from conversations.forgetting.tables import Erasure
from conversations.models import Page

QUEUE = "sync"
STOP_SECONDS = 2.5  # longer than one step takes


def request_erasing(page: Page, *, keep: bool, actor) -> Erasure:
    """The deletion that a worker does; the one under way where there is one."""
    erasure = begin_erasing(page, keep=keep, actor=actor)
    with suppress(AlreadyEnqueued), transaction.atomic():  # the job that waits will find it
        erase_pages.defer()
    return erasure


@app.periodic(cron="* * * * *")
@app.task(name="erase_pages", queue=QUEUE, queueing_lock="erase_pages", pass_context=False)
async def erase_pages(timestamp: int = 0) -> None:
    """Cancelled, it ends after the step it is in."""
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
