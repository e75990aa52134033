"""The background tasks that delete. They also continue after a process that died."""

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.lib.steps import run_in_steps
from conversations.models import Page
from conversations.models.privacy import Erasure
from conversations.privacy.erase_old import erase_old
from conversations.privacy.erase_page import erase_all, start_erasure

QUEUE = "default"


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
    await run_in_steps(erase_all)


@app.periodic(cron="41 * * * *")
@app.task(name="erase_old_messages", queue=QUEUE, queueing_lock="erase_old_messages", pass_context=False)
async def erase_old_messages(timestamp: int = 0) -> None:
    """Erase what has become older than RETENTION_DAYS: there is something new once a day."""
    await run_in_steps(erase_old)
