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

from conversations.budget import closed_seconds
from conversations.locks import is_sync_locked
from conversations.models import Page, Platform, SyncRun
from conversations.reading.messages import catch_up
from conversations.reading.shares import drop_old
from conversations.sync import runs
from conversations.sync.service import SyncAlreadyRunning, sync_conversations

logger = logging.getLogger(__name__)

RunEnded = runs.RunEnded

QUEUE = "sync"
ALIVE_SECONDS = 30  # a worker gives a sign of life every ten
AGAIN_SECONDS, AGAIN_TIMES = 0.5, 12  # one that was cancelled needs a moment to leave
STOP_SECONDS = 2.5  # what a sync in work has to end in, when its process is told to
WAIT_SECONDS = 60  # a run waits for Facebook; the schedule begins none that would wait longer
# Incremental runs trust Facebook's order by time. Whatever that hid from them (a thread that changed without
# moving up, a message that came late) is found by a full walk: a week bounds how long it is missing, and
# 10,000 threads cost some hundred calls of it.
AUDIT_AFTER = timedelta(days=7)
INTERRUPTED = "Its process was stopped. The next sync goes on from there."


def request_sync(page: Page, *, full: bool = False, trigger: str, asked_by=None) -> SyncRun:
    """The run that will bring this Page up to date: the one in work or queued, else a new one and its job.

    `full` makes a queued run full; one in work is joined as it is. `asked_by`: the user, where one asked.
    """
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)
        run = _living_run(page) or runs.queue_run(page, full=full, trigger=trigger, asked_by=asked_by)
        if run.status == SyncRun.Status.QUEUED:
            if full and run.mode != SyncRun.Mode.FULL:
                run.mode = SyncRun.Mode.FULL
                runs.save(run)
            _ensure_job(run)
    return run


def cancel_sync(run: SyncRun, *, asked_by=None) -> SyncRun:
    """Ends this run, queued or in work anywhere, as cancelled; its place is kept for the next one.

    Who works on it stops within a few seconds. Raises RunEnded.
    """
    return runs.cancel(run.pk, by=asked_by.get_username() if asked_by else "")


def _living_run(page: Page) -> SyncRun | None:
    """In work with the Page's lock held, or queued; one whose process is gone is not joined."""
    active = page.runs.active().order_by("pk")
    # Whoever begins takes the oldest. Locked: one that is being cancelled is not joined.
    queued = active.filter(status=SyncRun.Status.QUEUED).select_for_update().first()
    if is_sync_locked(page.pk):
        return active.exclude(status=SyncRun.Status.QUEUED).last() or queued
    return queued


def _ensure_job(run: SyncRun) -> None:
    """A job that waits for this run.

    One at which a worker already is does not count: that worker may be dead, which nobody can see. Where
    it lives, the job that comes second finds nothing to do.
    """
    if not ProcrastinateJob.objects.filter(
        task_name="sync_page", args__run_id=run.pk, status="todo"
    ).exists():
        sync_page.defer(run_id=run.pk)


def is_worker_alive(worker_id: int | None = None) -> bool:
    """Whether any worker gave a sign of life of late, or this one."""
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    alive = ProcrastinateWorker.objects.filter(last_heartbeat__gte=since)
    return (alive if worker_id is None else alive.filter(pk=worker_id)).exists()


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
        for _ in range(AGAIN_TIMES):
            if not _is_left_to(run_id, stopping) or stopping.wait(AGAIN_SECONDS):
                break
    finally:
        connection.close()


def _is_left_to(run_id: int, stopping: threading.Event) -> bool:
    """Does the run, unless that is a moment too early: the Page's lock is held by a run that has ended."""
    queued = SyncRun.objects.filter(pk=run_id, status=SyncRun.Status.QUEUED)
    run = queued.select_related("page").first()
    if run is None:  # a command has taken it over meanwhile, or it was cancelled
        return False
    try:
        sync_conversations(run.page, stopping=stopping, queued=run_id)
    except runs.NotQueued:  # cancelled since it was looked at
        return False
    except SyncAlreadyRunning as error:
        logger.info("%s", error)
        return error.run is None
    return False


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
    """Takes over from dead processes, and syncs each Page that has not been for SYNC_EVERY_MINUTES.

    Of a dead worker nothing of this remains: its lock on the queue is held by a waiting job alone, which
    whoever lives takes, and each worker reckons anew when the next one is due.
    """
    try:
        take_over()
        _sync_what_is_due()
    finally:
        connection.close()


def take_over(*, at_start: bool = False) -> None:
    """Goes on with runs whose process is gone; at the start of a worker also with what was stopped."""
    for page in Page.objects.all():
        if not is_sync_locked(page.pk):
            _go_on(page, at_start)


def _go_on(page: Page, at_start: bool) -> None:
    """Nobody works on this Page: a run in work was left by the dead, one that is queued needs a job.

    A queued run may be older than one in work: both were made at the same time, by different processes.
    """
    last = page.runs.exclude(status=SyncRun.Status.QUEUED).order_by("-pk").first()
    was_left = page.runs.active().exclude(status=SyncRun.Status.QUEUED).exists()
    was_stopped = at_start and last is not None and last.status == SyncRun.Status.INTERRUPTED
    if was_left or was_stopped:
        full = last is not None and last.mode == SyncRun.Mode.FULL
        request_sync(page, full=full, trigger="takeover")
    elif page.runs.filter(status=SyncRun.Status.QUEUED).exists():
        request_sync(page, trigger="takeover")


def _sync_what_is_due() -> None:
    if not settings.SYNC_EVERY_MINUTES:
        return
    since = timezone.now() - timedelta(minutes=settings.SYNC_EVERY_MINUTES)
    for page in Page.objects.filter(state=Page.State.CONNECTED):
        newest = page.runs.order_by("-pk").first()
        is_due = newest is None or (newest.ended_at is not None and newest.ended_at < since)
        if is_due and not _is_closed(page):
            request_sync(page, full=_is_audit_due(page), trigger="schedule")


def _is_audit_due(page: Page) -> bool:
    if page.last_synced_at is None:  # the first run walks everything anyhow
        return False
    return page.audited_at is None or page.audited_at < timezone.now() - AUDIT_AFTER


def _is_closed(page: Page) -> bool:
    """Facebook asked us not to call for a while: who presses the button may wait, the schedule need not."""
    return any(closed_seconds(page.facebook_page_id, platform) > WAIT_SECONDS for platform in Platform.values)


@app.periodic(cron="*/5 * * * * *")
@app.task(name="fold_messages", queue=QUEUE, queueing_lock="fold_messages", pass_context=False)
def fold_messages(timestamp: int) -> None:
    """Makes new messages searchable and counts them, for a moment: a worker that is to end waits not long."""
    try:
        catch_up()
    finally:
        connection.close()


@app.periodic(cron="17 * * * *")
@app.task(name="drop_old_numbers", queue=QUEUE, queueing_lock="drop_old_numbers", pass_context=False)
def drop_old_numbers(timestamp: int) -> None:
    """Sums of days that are shown no longer."""
    try:
        drop_old()
    finally:
        connection.close()
