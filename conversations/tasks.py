"""Background tasks, executed by any free worker on any machine: syncs, schedules and the search index.

Every web process and most commands import the tasks when they start. What calls Facebook (the sync, the
probes) is imported by the tasks that do.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from enum import Enum

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob, ProcrastinateWorker

from conversations.connections.shared_budget import closed_seconds
from conversations.lib.locks import is_sync_locked
from conversations.lib.log_ids import carried
from conversations.lib.sql_files import read_statements
from conversations.models import (
    AuditEntry,
    BulkOperation,
    Export,
    Page,
    Platform,
    SyncRun,
    operations,
    outbox,
    pages,
    webhooks,
)
from conversations.models.audit import KEPT_DAYS
from conversations.models.running import process_reports
from conversations.search.index.insight_index import drop_old
from conversations.search.index.message_index import index_pending
from conversations.search.index.refold import refold
from conversations.sync import run_lifecycle
from conversations.sync.load.states.headers import split_stored
from conversations.sync.load.states.snoozes import end_due_snoozes
from conversations.sync.run_lifecycle import STOP_SECONDS, abandon

logger = logging.getLogger(__name__)

RunEnded = run_lifecycle.RunEnded

STATEMENTS = read_statements(__file__)
SYNC, INDEXING, OTHERS = "sync", "indexing", "default"  # queues; the modules of other tasks name theirs
ALIVE_SECONDS = 30  # workers send a heartbeat every 10 s
RETRY_SECONDS, RETRIES = 0.5, 12  # a cancelled run needs a moment to release its lock
WAIT_SECONDS = 60  # the schedule starts no run that would wait longer for Facebook
INDEX_SECONDS = REFOLD_SECONDS = SPLIT_SECONDS = 2.0  # per run of the task
# Incremental runs rely on Facebook's order by time. A full run finds what that order hid from them: a thread
# that changed without moving up, a late message. It is missing for a week at most; 10,000 threads cost about
# a hundred calls.
AUDIT_AFTER = timedelta(days=7)
LIVE_MINUTES = 60


def request_sync(page: Page, *, full: bool = False, trigger: str, asked_by=None) -> SyncRun:
    """Return the run that will sync the Page: the active or queued one, otherwise a new one with a job.

    `full` turns a queued run into a full one; an active run stays as it is. `asked_by` is the user who
    requested the sync, if any.
    """
    with transaction.atomic():
        Page.objects.select_for_update().get(pk=page.pk)
        run = _active_run(page) or run_lifecycle.queue_run(
            page, full=full, trigger=trigger, asked_by=asked_by
        )
        if run.status == SyncRun.Status.QUEUED:
            if full and run.mode != SyncRun.Mode.FULL:
                run.mode = SyncRun.Mode.FULL
                run_lifecycle.save(run)
            _ensure_job(run)
    return run


def cancel_sync(run: SyncRun, *, asked_by=None) -> SyncRun:
    """Cancel a run, queued or in progress in any process. The next run resumes from its checkpoint.

    The process that executes it stops within a few seconds. Raises RunEnded.
    """
    return run_lifecycle.cancel(run.pk, by=asked_by.get_username() if asked_by else "")


def _active_run(page: Page) -> SyncRun | None:
    """Return the run in progress, if its process still holds the Page's lock, or the queued one."""
    active = page.runs.active().order_by("pk")
    # The oldest is started first. Locked: do not return a run that is being cancelled.
    queued = active.filter(status=SyncRun.Status.QUEUED).select_for_update().first()
    if is_sync_locked(page.pk):
        return active.exclude(status=SyncRun.Status.QUEUED).last() or queued
    return queued


def _ensure_job(run: SyncRun) -> None:
    """Defer a job for this run, if none is waiting.

    A job that a worker has started does not count: the worker may be dead. If it is alive, the second job
    finds nothing to do.
    """
    if not ProcrastinateJob.objects.filter(
        task_name="sync_page", args__run_id=run.pk, status="todo"
    ).exists():
        sync_page.defer(run_id=run.pk)


def is_worker_alive(worker_id: int | None = None) -> bool:
    """Whether any worker, or this one, has sent a heartbeat within ALIVE_SECONDS."""
    since = timezone.now() - timedelta(seconds=ALIVE_SECONDS)
    alive = ProcrastinateWorker.objects.filter(last_heartbeat__gte=since)
    return (alive if worker_id is None else alive.filter(pk=worker_id)).exists()


def move_waiting_jobs() -> None:
    """Give waiting jobs to the queue of their task: earlier versions had other queues."""
    queues = {name: task.queue for name, task in app.tasks.items()}
    with connection.cursor() as cursor:
        values = {"tasks": list(queues), "queues": list(queues.values())}
        cursor.execute(STATEMENTS["move_jobs"], values)


@app.task(name="sync_page", queue=SYNC)
async def sync_page(run_id: int) -> None:
    """Execute a queued run. If the task is cancelled, the run ends as interrupted within STOP_SECONDS."""
    stopping = threading.Event()
    done = _in_thread(lambda: _sync(run_id, stopping))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        stopping.set()
        await asyncio.wait([done], timeout=STOP_SECONDS)
        if not done.done():  # a call hangs: its thread and lock end with the process
            await sync_to_async(abandon, thread_sensitive=False)(run_id)
        raise


def _sync(run_id: int, stopping: threading.Event) -> None:
    try:
        for _ in range(RETRIES):
            if _execute(run_id, stopping) is Attempt.DONE or stopping.wait(RETRY_SECONDS):
                break
    finally:
        connection.close()


class Attempt(Enum):
    """The result of an attempt to execute a run."""

    DONE = "done"  # executed, or there is nothing to execute
    LOCKED = "locked"  # a run that has ended still holds the Page's lock


def _execute(run_id: int, stopping: threading.Event) -> Attempt:
    """Execute the run, if it is still queued."""
    from conversations.sync.service import SyncAlreadyRunning, sync_conversations

    queued = SyncRun.objects.filter(pk=run_id, status=SyncRun.Status.QUEUED)
    run = queued.select_related("page").first()
    if run is None:  # another process has started it, or it was cancelled
        return Attempt.DONE
    try:
        sync_conversations(run.page, stopping=stopping, queued=run_id)
    except run_lifecycle.NotQueued:  # cancelled in the meantime
        return Attempt.DONE
    except SyncAlreadyRunning as error:
        logger.info("%s", error)
        return Attempt.LOCKED if error.run is None else Attempt.DONE
    return Attempt.DONE


def _in_thread(work: Callable[[], None]) -> asyncio.Future:
    """Run `work` in a daemon thread: asyncio's threads keep a process alive while a call hangs."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def set_result(error: BaseException | None) -> None:
        if not future.done():
            future.set_exception(error) if error else future.set_result(None)

    def run() -> None:
        failure: BaseException | None = None
        try:
            work()
        except BaseException as error:
            failure = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(set_result, failure)

    threading.Thread(target=carried(run), name="sync", daemon=True).start()
    return future


# -- periodic tasks ----------------------------------------------------------------------------------------
@app.periodic(cron="* * * * * */15")
@app.task(name="keep_current", queue=SYNC, queueing_lock="keep_current", pass_context=False)
def keep_current(timestamp: int) -> None:
    """Resume the runs of dead processes, ask again about Pages that Facebook refused, and start due syncs.

    A sync is due SYNC_EVERY_MINUTES after the last one, and LIVE_MINUTES where webhooks bring the messages.

    A dead worker does not block this task: only a waiting job holds the queueing lock, any live worker takes
    that job, and each worker computes by itself when the next one is due.
    """
    from conversations.connections import probe

    try:
        take_over()
        for page_id in probe.claim_due_pages():
            probe_page.defer(page_id=page_id)
        _sync_due_pages()
    finally:
        connection.close()


def take_over(*, at_start: bool = False) -> None:
    """Resume runs whose process has ended; at the start of a worker also those that were interrupted."""
    for page in Page.objects.all():
        if not is_sync_locked(page.pk):
            _resume_page(page, at_start)


def _resume_page(page: Page, at_start: bool) -> None:
    """Request a sync of a Page that nobody syncs now, if it has an active, queued or interrupted run.

    A queued run may be older than the active one: two processes may have created them at the same time.
    """
    last = page.runs.exclude(status=SyncRun.Status.QUEUED).order_by("-pk").first()
    was_left = page.runs.active().exclude(status=SyncRun.Status.QUEUED).exists()
    was_stopped = at_start and last is not None and last.status == SyncRun.Status.INTERRUPTED
    if was_left or was_stopped:
        full = last is not None and last.mode == SyncRun.Mode.FULL
        request_sync(page, full=full, trigger="takeover")
    elif page.runs.filter(status=SyncRun.Status.QUEUED).exists():
        request_sync(page, trigger="takeover")


def _sync_due_pages() -> None:
    if not settings.SYNC_EVERY_MINUTES:
        return
    now = timezone.now()
    # A Page whose token was refused waits for its probe, which the schedule would only repeat.
    for page in Page.objects.filter(state=Page.State.CONNECTED, probe_at=None):
        newest = page.runs.order_by("-pk").first()
        since = now - timedelta(minutes=_minutes_between_syncs(page))
        is_due = newest is None or (newest.ended_at is not None and newest.ended_at < since)
        if is_due and not _is_rate_limited(page):
            request_sync(page, full=_is_audit_due(page), trigger="schedule")


def _minutes_between_syncs(page: Page) -> int:
    """Webhooks bring the messages of a live Page; a sync only brings what they have missed."""
    return max(settings.SYNC_EVERY_MINUTES, LIVE_MINUTES) if page.is_live else settings.SYNC_EVERY_MINUTES


def _is_audit_due(page: Page) -> bool:
    if page.last_synced_at is None:  # the first run is a full one anyway
        return False
    return page.last_full_sync_at is None or page.last_full_sync_at < timezone.now() - AUDIT_AFTER


def _is_rate_limited(page: Page) -> bool:
    """Whether Facebook wants a pause of more than WAIT_SECONDS. Only scheduled runs are left out for it."""
    return any(closed_seconds(page.facebook_page_id, platform) > WAIT_SECONDS for platform in Platform.values)


@app.task(name="probe_page", queue=OTHERS)
def probe_page(page_id: int) -> None:
    """Ask Facebook again about a Page that it refused: confirm the refusal, or notice that it has ended."""
    from conversations.connections import probe

    try:
        page = Page.objects.filter(pk=page_id).first()
        if page is not None:
            probe.probe_page(page)
    finally:
        connection.close()


@app.periodic(cron="*/5 * * * *")
@app.task(name="watch_subscriptions", queue=OTHERS, queueing_lock="watch_subscriptions", pass_context=False)
def watch_subscriptions(timestamp: int) -> None:
    """Check the webhook subscriptions that are due: daily, and of Pages that are unusually quiet."""
    from conversations.connections import subscription

    try:
        for page_id in subscription.claim_due_pages():
            watch_subscription.defer(page_id=page_id)
    finally:
        connection.close()


@app.task(name="watch_subscription", queue=OTHERS)
def watch_subscription(page_id: int) -> None:
    """Check the webhook subscription of a Page, mend it, and sync what was missed in the meantime."""
    from conversations.connections import subscription

    try:
        page = Page.objects.filter(pk=page_id).first()
        if page is not None and page.access_token and subscription.check_and_report(page):
            request_sync(page, trigger="subscription")
    finally:
        connection.close()


@app.periodic(cron="23 * * * *")
@app.task(name="watch_access", queue=OTHERS, queueing_lock="watch_access", pass_context=False)
def watch_access(timestamp: int) -> None:
    """Ask daily when the access to each Page ends."""
    from conversations.connections import expiry

    try:
        for page_id in expiry.claim_due_pages():
            check_access.defer(page_id=page_id)
    finally:
        connection.close()


@app.task(name="check_access", queue=OTHERS)
def check_access(page_id: int) -> None:
    """Ask Facebook when the access to a Page ends."""
    from conversations.connections import expiry

    try:
        page = Page.objects.filter(pk=page_id).first()
        if page is not None:
            expiry.check_access(page)
    finally:
        connection.close()


@app.periodic(cron="* * * * * */5")
@app.task(name="fold_messages", queue=INDEXING, queueing_lock="fold_messages", pass_context=False)
def fold_messages(timestamp: int) -> None:
    """Index new messages for search and insights, for a few seconds: a worker must be able to stop.

    After an upgrade that changed how texts are folded, this also folds the stored ones, and after one that
    stores messages in another form, it converts the stored ones.
    """
    try:
        index_pending(seconds=INDEX_SECONDS)
        refold(seconds=REFOLD_SECONDS)
        split_stored(seconds=SPLIT_SECONDS)
    finally:
        connection.close()


@app.periodic(cron="* * * * * */5")
@app.task(name="end_snoozes", queue=OTHERS, queueing_lock="end_snoozes", pass_context=False)
def end_snoozes(timestamp: int) -> None:
    """End the snoozes whose time has come."""
    try:
        end_due_snoozes()
    finally:
        connection.close()


@app.periodic(cron="17 * * * *")
@app.task(name="drop_old_numbers", queue=INDEXING, queueing_lock="drop_old_numbers", pass_context=False)
def drop_old_numbers(timestamp: int) -> None:
    """Delete the sums of days that are no longer shown."""
    try:
        drop_old()
    finally:
        connection.close()


@app.periodic(cron="* * * * *")
@app.task(name="delete_expired", queue=OTHERS, queueing_lock="delete_expired", pass_context=False)
def delete_expired_rows(timestamp: int) -> None:
    """Delete what is kept for some time only: see delete_expired()."""
    try:
        delete_expired()
    finally:
        connection.close()


def delete_expired() -> None:
    """Delete what has expired: connections, sessions, exports, alerts, and old webhooks, messages of the
    outbox, reports of processes, audit entries, operations and origins of jobs.
    """
    now = timezone.now()
    pages.delete_expired()
    webhooks.delete_expired()
    Export.objects.delete_expired()
    outbox.delete_expired()
    operations.delete_origins(ProcrastinateJob.objects.all())
    process_reports.delete_expired()
    Session.objects.filter(expire_date__lt=now).delete()
    AuditEntry.objects.filter(at__lt=now - timedelta(days=KEPT_DAYS)).delete()
    BulkOperation.objects.filter(ended_at__lt=now - timedelta(days=operations.KEPT_DAYS)).delete()
