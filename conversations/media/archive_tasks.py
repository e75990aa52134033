"""The background task that keeps files of attachments, and removes those that nothing refers to any more."""

import logging
from collections.abc import Callable

from django.conf import settings
from procrastinate.contrib.django import app

from conversations.lib.locks import files_lock
from conversations.lib.steps import run_in_steps
from conversations.media import archive, archive_filling, archive_queue
from conversations.models import MediaFile

logger = logging.getLogger(__name__)

QUEUE = "media"


@app.periodic(cron="* * * * *")
@app.task(name="archive_files", queue=QUEUE, queueing_lock="archive_files", pass_context=False)
async def archive_files(timestamp: int = 0) -> None:
    """Work in steps. If the task is cancelled, it ends after the present step."""
    await run_in_steps(work)


def work(is_stopped: Callable[[], bool]) -> None:
    if not settings.MEDIA_ARCHIVE and not MediaFile.objects.exists():
        return
    with files_lock() as lock:
        if not lock.is_acquired:
            return
        try:
            _remove_and_keep(is_stopped)
        except archive.StorageFailed as error:
            logger.warning("Files of attachments wait: %s.", error)  # the next run tries again


def _remove_and_keep(is_stopped: Callable[[], bool]) -> None:
    while archive.remove_unused() and not is_stopped():
        pass
    if settings.MEDIA_ARCHIVE:
        archive_queue.find_new(is_stopped)
        archive_filling.fill(is_stopped)
