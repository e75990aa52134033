"""The background task that writes the files of exports. It also continues after a process that died."""

from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from conversations.exports.prepared import work
from conversations.lib.steps import run_in_steps

QUEUE = "media"


def request_export_work() -> None:
    """Defer a job that works on the exports of this transaction."""
    with suppress(AlreadyEnqueued), transaction.atomic():  # a waiting job will find them
        write_exports.defer()


@app.periodic(cron="* * * * * */15")
@app.task(name="write_exports", queue=QUEUE, queueing_lock="write_exports", pass_context=False)
async def write_exports(timestamp: int = 0) -> None:
    """Write part by part. If the task is cancelled, it ends after the present part."""
    await run_in_steps(work)
