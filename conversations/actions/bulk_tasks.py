"""The background task that works on bulk operations. It also continues after a process that died."""

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.actions.bulk_operations import work
from conversations.lib.steps import run_in_steps

QUEUE = "default"


def request_work() -> None:
    """Defer a job that works on the operations of this transaction."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # a waiting job will find them
        work_on_operations.defer()


@app.periodic(cron="* * * * * */15")
@app.task(name="work_on_operations", queue=QUEUE, queueing_lock="work_on_operations", pass_context=False)
async def work_on_operations(timestamp: int = 0) -> None:
    """Work in slices. If the task is cancelled, it ends after the present slice."""
    await run_in_steps(work)
