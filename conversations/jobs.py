"""Syncs that somebody asked for, done by whichever worker is free, here or on another machine."""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from conversations.locks import is_sync_locked
from conversations.models import Page, SyncRun
from conversations.sync import runs
from conversations.sync.service import SyncAlreadyRunning, sync_conversations

logger = logging.getLogger(__name__)

QUEUE = "sync"
ALIVE_SECONDS = 30  # a worker gives a sign of life every ten
STOP_SECONDS = 2.5  # what a sync in work has to end in, when its process is told to
INTERRUPTED = "Its process was stopped. The next sync goes on from there."


def request_sync(page: Page, *, full: bool = False, trigger: str) -> SyncRun:
    """The run that will bring this Page up to date: the one in work or queued, else a new one and its job.

    `full` makes a queued run full; one in work is joined as it is.
    """
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)
        run = _living_run(page)
        if run is None:
            run = runs.queue_run(page, full=full, trigger=trigger)
            sync_page.defer(run_id=run.pk)
        elif full and run.status == SyncRun.Status.QUEUED and run.mode != SyncRun.Mode.FULL:
            run.mode = SyncRun.Mode.FULL
            runs.save(run)
    return run


def _living_run(page: Page) -> SyncRun | None:
    """Queued, or in work with the Page's lock held; one whose process is gone is not joined."""
    active = page.runs.active().order_by("-pk")
    if is_sync_locked(page.pk):
        return active.first()
    return active.filter(status=SyncRun.Status.QUEUED).first()


def is_worker_alive() -> bool:
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    return ProcrastinateWorker.objects.filter(last_heartbeat__gte=since).exists()


@app.task(name="sync_page", queue=QUEUE)
async def sync_page(run_id: int) -> None:
    """Does a queued run. Cancelled, it ends the run as interrupted within STOP_SECONDS."""
    stopping = threading.Event()
    done = _in_thread(lambda: _sync(run_id, stopping))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        stopping.set()
        await asyncio.wait([done], timeout=STOP_SECONDS)
        if not done.done():  # a call that hangs: the thread ends with the process, its lock too
            await sync_to_async(abandon, thread_sensitive=False)(run_id)
        raise


def _sync(run_id: int, stopping: threading.Event) -> None:
    try:
        queued = SyncRun.objects.filter(pk=run_id, status=SyncRun.Status.QUEUED)
        if run := queued.select_related("page").first():  # else a command has taken it over meanwhile
            sync_conversations(run.page, stopping=stopping)
    except SyncAlreadyRunning as error:
        logger.info("%s", error)
    finally:
        connection.close()


def abandon(run_id: int) -> None:
    """Ends a run whose thread hangs in a call while its process is told to stop."""
    try:
        run = SyncRun.objects.active().filter(pk=run_id).first()
        if run is not None:
            runs.give_up(run, SyncRun.Status.INTERRUPTED, INTERRUPTED)
    finally:
        connection.close()


def _in_thread(work: Callable[[], None]) -> asyncio.Future:
    """A daemon thread: asyncio's own would keep the process from ending while a call to Facebook hangs."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def tell(error: BaseException | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(None)

    def run() -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(tell, failure)

    threading.Thread(target=run, name="sync", daemon=True).start()
    return future


# -- what nobody asks for ----------------------------------------------------------------------------------
@app.periodic(cron="*/15 * * * * *")
@app.task(name="keep_current", queue=QUEUE, queueing_lock="keep_current", pass_context=False)
def keep_current(timestamp: int) -> None:
    """Takes over from dead processes, and syncs each Page that has not been for SYNC_EVERY_MINUTES."""
    try:
        take_over()
        _sync_what_is_due()
    finally:
        connection.close()


def take_over(*, at_start: bool = False) -> None:
    """Goes on with runs whose process is gone; at the start of a worker also with what was stopped."""
    for page in Page.objects.all():
        newest = page.runs.order_by("-pk").first()
        if newest is None or is_sync_locked(page.pk):
            continue
        is_dead = newest.ended_at is None and newest.status != SyncRun.Status.QUEUED
        was_stopped = newest.status == SyncRun.Status.INTERRUPTED
        if is_dead or (at_start and was_stopped):
            request_sync(page, full=newest.mode == SyncRun.Mode.FULL, trigger="takeover")
        elif newest.status == SyncRun.Status.QUEUED and not _has_job(newest):
            sync_page.defer(run_id=newest.pk)


def _has_job(run: SyncRun) -> bool:
    """Whether a job waits for it, or a worker that lives is at it."""
    jobs = ProcrastinateJob.objects.filter(task_name="sync_page", args__run_id=run.pk)
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    at_it = jobs.filter(status="doing", worker__last_heartbeat__gte=since)
    return jobs.filter(status="todo").exists() or at_it.exists()


def _sync_what_is_due() -> None:
    if not settings.SYNC_EVERY_MINUTES:
        return
    since = timezone.now() - timedelta(minutes=settings.SYNC_EVERY_MINUTES)
    for page in Page.objects.filter(state=Page.State.CONNECTED):
        newest = page.runs.order_by("-pk").first()
        if newest is None or (newest.ended_at is not None and newest.ended_at < since):
            request_sync(page, trigger="schedule")
