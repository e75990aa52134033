"""A worker has places for each queue."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from procrastinate import App
from procrastinate.contrib.django import app as ours
from procrastinate.testing import InMemoryConnector

from conversations.lib.process_numbers import ProcessNumbers
from inbox.process import worker as module
from inbox.process.worker import JobWorker, QueueWorker
from inbox.setting_values import QUEUES

NEVER = 3600.0  # a worker that only looks this often must be woken


class Jobs:
    """Jobs that last until a test ends them, each with a name. A job with the name `broken` fails then."""

    worker: QueueWorker

    def __init__(self) -> None:
        self.app = App(connector=InMemoryConnector())
        self.started: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self._news = asyncio.Event()
        for queue in ("media", "sending"):
            self.app.task(name=queue, queue=queue)(self._work)

    async def _work(self, name: str) -> None:
        self._ends[name] = asyncio.Event()
        self.started.append(name)
        self._news.set()
        await self._ends[name].wait()
        if name == "broken":
            raise ValueError(name)

    async def defer(self, queue: str, *names: str) -> None:
        for name in names:
            await self.app.configure_task(queue).defer_async(name=name)

    def end(self, name: str) -> None:
        self._ends[name].set()

    async def wait_for(self, *names: str) -> None:
        async with asyncio.timeout(60):
            while sorted(self.started) != sorted(names):
                self._news.clear()
                await self._news.wait()


def run(scene: Callable[[Jobs], Awaitable[None]], **places: int) -> None:
    async def play() -> None:
        jobs = Jobs()
        async with jobs.app.open_async() as opened:
            options = {"fetch_job_polling_interval": NEVER, "shutdown_graceful_timeout": 0}
            worker = QueueWorker(opened, places, install_signal_handlers=False, **options)
            jobs.worker = worker
            working = asyncio.create_task(worker.run())
            try:
                await scene(jobs)
            finally:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)

    asyncio.run(play())


def test_full_queue_leaves_the_places_of_others_free():
    async def scene(jobs: Jobs) -> None:
        await jobs.defer("media", "film", "song", "photo")
        await jobs.wait_for("film", "song")
        await jobs.defer("sending", "answer")
        await jobs.wait_for("film", "song", "answer")

    run(scene, media=2, sending=1)


def test_next_job_of_a_full_queue_starts_as_soon_as_one_ends():
    async def scene(jobs: Jobs) -> None:
        await jobs.defer("media", "film", "song", "photo")
        for number, name in enumerate(("film", "song", "photo"), 1):
            await jobs.wait_for(*("film", "song", "photo")[:number])
            jobs.end(name)

    run(scene, media=1, sending=1)


def test_a_worker_counts_its_jobs(monkeypatch):
    """/metrics shows them."""
    monkeypatch.setattr(module, "numbers", numbers := ProcessNumbers())
    counted = JobWorker("worker", {"media": 2, "sending": 1})
    counted.measure()

    async def scene(jobs: Jobs) -> None:
        counted._worker = jobs.worker
        await jobs.defer("media", "film", "broken")
        await jobs.wait_for("film", "broken")
        assert gauges(numbers, "inbox_worker_jobs") == {"media": 2, "sending": 0}
        for name in ("film", "broken"):
            jobs.end(name)
        async with asyncio.timeout(60):
            while gauges(numbers, "inbox_worker_jobs") != {"media": 0, "sending": 0}:
                await asyncio.sleep(0)

    run(scene, media=2, sending=1)
    assert gauges(numbers, "inbox_worker_places") == {"media": 2, "sending": 1}
    done = [["media", "failed"], ["media", "succeeded"]]
    assert sorted(numbers.snapshot()["counters"]) == [
        ["inbox_worker_jobs_done", labels, 1] for labels in done
    ]


def test_a_job_of_a_newer_version_goes_back_to_the_queue(monkeypatch):
    """During an upgrade, workers of both versions ask for jobs. One that nobody knows fails in the end."""
    monkeypatch.setattr(module, "MOST_RETURNS", 2)
    monkeypatch.setattr(module, "RETURN_SECONDS", 0)

    async def scene(jobs: Jobs) -> None:
        await jobs.app.configure_task("newer", queue="media").defer_async()
        connector = cast(InMemoryConnector, jobs.app.connector)
        async with asyncio.timeout(60):
            while connector.jobs[1]["status"] != "failed":
                jobs.worker._new_job_event.set()
                await asyncio.sleep(0)
        assert connector.jobs[1]["attempts"] == 3

    run(scene, media=1)


def gauges(numbers: ProcessNumbers, name: str) -> dict[str, float]:
    """The values of a gauge by queue."""
    return {labels[0]: value for found, labels, value in numbers.snapshot()["gauges"] if found == name}


def test_queues_that_are_not_listed_are_left_to_others():
    async def scene(jobs: Jobs) -> None:
        await jobs.defer("media", "film")
        await jobs.defer("sending", "answer")
        await jobs.wait_for("answer")

    run(scene, sending=2)


def test_each_task_has_a_queue_that_workers_serve():
    ours.perform_import_paths()
    queues = {task.queue for name, task in ours.tasks.items() if "remove_old_jobs" not in name}
    assert queues == set(QUEUES)
