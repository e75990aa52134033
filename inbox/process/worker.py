"""The worker inside a web process, or of a process of its own: each kind of work has a queue with places."""

import asyncio
import logging
from collections import Counter
from functools import partial
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from procrastinate import App, JobContext, RetryDecision
from procrastinate.contrib.django import app
from procrastinate.job_context import JobResult
from procrastinate.jobs import Job, Status
from procrastinate.worker import Worker

from conversations.lib.process_numbers import numbers
from conversations.tasks import STOP_SECONDS, is_worker_alive, move_waiting_jobs, take_over
from inbox.process.job_connector import worker_connector

logger = logging.getLogger(__name__)

WORK_AGAIN_SECONDS = 5
RETURN_SECONDS, MOST_RETURNS = 10, 360  # of a job that this version does not know: an hour
END_SECONDS = STOP_SECONDS + 0.5  # its syncs stop first


class QueueWorker(Worker):
    """A worker with a number of places for each queue: it only asks for jobs that have a free one."""

    def __init__(self, opened: App, places: dict[str, int], **options: Any):
        self._places = places
        super().__init__(opened, **(options | {"concurrency": sum(places.values())}))

    @property
    def queues(self) -> list[str]:
        taken = self.taken()
        return [queue for queue, places in self._places.items() if taken[queue] < places]

    @queues.setter
    def queues(self, queues: object) -> None:
        """Ignore what the base class would work on: the places say it."""

    def taken(self) -> Counter[str]:
        """Return how many places of each queue are taken. Any thread may ask."""
        return Counter(context.job.queue for context in list(self._running_jobs.values()))

    async def _persist_job_status(
        self,
        job: Job,
        status: Status,
        retry_decision: RetryDecision | None,
        context: JobContext,
        job_result: JobResult | None,
    ) -> None:
        if job.task_name not in self.app.tasks and job.attempts < MOST_RETURNS:
            # During an upgrade, a worker of the newer version knows it.
            retry_decision = RetryDecision(retry_in={"seconds": RETURN_SECONDS})
        await super()._persist_job_status(job, status, retry_decision, context, job_result)
        outcome = "repeated" if retry_decision else status.value
        numbers.count("inbox_worker_jobs_done", job.queue, outcome)

    async def _process_job(self, context: JobContext) -> None:
        try:
            await super()._process_job(context)
        finally:  # one more job of the queue may wait for the place, which is free in the loop's next step
            asyncio.get_running_loop().call_soon(self._new_job_event.set)


class JobWorker:
    """Works on jobs in this process, as many of each queue as `places` says."""

    def __init__(self, name: str, places: dict[str, int]) -> None:
        self._name, self._places = name, places
        self._worker: QueueWorker | None = None

    def is_alive(self) -> bool:
        """Whether this worker has a recent heartbeat. The heartbeat of a dead process remains for a while."""
        worker_id = self._worker.worker_id if self._worker else None
        return worker_id is not None and is_worker_alive(worker_id)

    def measure(self) -> None:
        """Let the numbers of this process include its jobs."""
        for queue, places in self._places.items():
            numbers.gauge("inbox_worker_jobs", partial(self._taken, queue), queue)
            numbers.gauge("inbox_worker_places", partial(int, places), queue)

    def _taken(self, queue: str) -> int:
        worker = self._worker
        return worker.taken()[queue] if worker else 0

    async def run(self) -> None:
        """Work until cancelled. A worker that fails is replaced, because the database may be unreachable."""
        self.measure()
        while True:
            try:
                await sync_to_async(take_over_at_start, thread_sensitive=False)()
                await sync_to_async(close_connection_of_schedule)()
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
        async with app.with_connector(worker_connector()).open_async() as opened:
            options = {**opened.worker_defaults, "install_signal_handlers": False, "name": self._name}
            self._worker = QueueWorker(opened, self._places, **options)
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
        move_waiting_jobs()
        take_over(at_start=True)
    finally:
        connection.close()


def close_connection_of_schedule() -> None:
    """Close the connection of asgiref's own thread, through which the schedule defers jobs.

    Django replaces a connection that is lost only around requests, so that each worker would end at once.
    """
    connection.close()


embedded = JobWorker("web", settings.WORKER_QUEUES)
