"""The worker inside a web process."""

import asyncio
import logging
from typing import Any, cast

from asgiref.sync import sync_to_async
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.worker import Worker

from conversations.tasks import STOP_SECONDS, is_worker_alive, take_over

logger = logging.getLogger(__name__)

WORK_AGAIN_SECONDS = 5
END_SECONDS = STOP_SECONDS + 0.5  # its syncs stop first


class EmbeddedWorker:
    def __init__(self) -> None:
        self._worker: Worker | None = None

    def is_alive(self) -> bool:
        """Whether this worker has a recent heartbeat. The heartbeat of a dead process remains for a while."""
        worker_id = self._worker.worker_id if self._worker else None
        return worker_id is not None and is_worker_alive(worker_id)

    async def run(self) -> None:
        """Work until cancelled. A worker that fails is replaced, because the database may be unreachable."""
        while True:
            try:
                await sync_to_async(take_over_at_start, thread_sensitive=False)()
                await self._work()
            except (Exception, asyncio.CancelledError) as error:
                # With a failing database a cancellation may surface as another error.
                if is_cancelled():
                    return
                logger.warning(
                    "The worker stopped, another one begins in %s s: %s", WORK_AGAIN_SECONDS, error
                )
            if is_cancelled():
                return
            await asyncio.sleep(WORK_AGAIN_SECONDS)

    async def _work(self) -> None:
        app.perform_import_paths()  # App.run_worker_async() does it; a task that is not imported never runs
        connector = cast(DjangoConnector, app.connector).get_worker_connector()
        async with app.with_connector(connector).open_async() as opened:
            options: dict[str, Any] = {
                **opened.worker_defaults,
                "install_signal_handlers": False,
                "name": "web",
            }
            self._worker = Worker(opened, **options)
            working = asyncio.create_task(self._worker.run(), name="working")
            try:
                await asyncio.shield(working)
            except asyncio.CancelledError:
                working.cancel()
                await asyncio.wait([working], timeout=END_SECONDS)
            finally:
                self._worker = None
        # Its connections are closed; everything that waited for the database has failed.
        await asyncio.gather(working, return_exceptions=True)


def is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def take_over_at_start() -> None:
    try:
        take_over(at_start=True)
    finally:
        connection.close()


embedded = EmbeddedWorker()
