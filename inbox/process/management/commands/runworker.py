"""Works on jobs until it is stopped."""

import asyncio
import signal
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection

from inbox.database.pooler import pooler
from inbox.setting_values import queues


class Command(BaseCommand):
    help = (
        "Works on jobs until it is stopped. Any number of them may run, on any number of machines. Each queue"
        " has a number of jobs that this process works on at the same time: a long job of one kind delays no"
        " other kind."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--queues",
            default="",
            metavar="QUEUE=NUMBER,…",
            help="work only on these, like sync=4,sending=2 (default: WORKER_QUEUES, which is now "
            f"{','.join(f'{queue}={number}' for queue, number in settings.WORKER_QUEUES.items())})",
        )

    def handle(self, *args, **options):
        try:
            places = queues(options["queues"], "--queues") if options["queues"] else settings.WORKER_QUEUES
        except ImproperlyConfigured as error:
            raise CommandError(str(error), returncode=2) from None
        pooler.use()
        require_same_database()
        asyncio.run(work(places))


def require_same_database() -> None:
    """Raises ImproperlyConfigured if the pooler's is another. The worker waits for one that is away."""
    if pooler.is_used:
        with suppress(Error):
            connection.ensure_connection()
        connection.close()


async def work(places: dict[str, int]) -> None:
    from inbox.process.lifespan import (
        add_threads,
        exit_eventually,
    )  # loads the tasks, which --help does not need
    from inbox.process.measures import measure_process, report_forever
    from inbox.process.worker import JobWorker

    loop = asyncio.get_running_loop()
    add_threads(loop, sum(places.values()))
    measure_process()
    working = asyncio.create_task(JobWorker("worker", places).run(), name="worker")
    reports = asyncio.create_task(report_forever(first_after=0), name="reports")

    def stop(number: int) -> None:
        exit_eventually(number)
        working.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    await asyncio.wait([working])
    reports.cancel()
