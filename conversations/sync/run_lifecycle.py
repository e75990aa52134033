"""Creates, resumes, saves and ends the rows of runs. Every change is notified to all processes."""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from functools import cache

from django.db import connection, transaction
from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext
from psycopg.sql import SQL

from conversations.lib.sql_files import read_statements
from conversations.models import Page, SyncRun
from conversations.sync import timeline
from conversations.sync.coverage import take_coverage
from conversations.sync.progress import NOTIFY, notification, publish_progress

STATEMENTS = read_statements(__file__)
Status = SyncRun.Status

SUCCESSFUL = (Status.COMPLETE, Status.COMPLETE_WITH_ERRORS)
STOP_SECONDS = 2.5  # a running sync has this long to end when its process is stopped
RESUME_WITHIN = timedelta(days=1)  # cursors expire: after that, a run starts from the beginning
ABANDONED = "The process of this sync ended unexpectedly. Run {} resumes where it stopped."
INTERRUPTED = "The process was stopped. The next sync resumes from there."
CANCELLED = "The sync was cancelled{}. What was stored is kept, and the next sync resumes from there."
RARELY_WRITTEN = {"samples", "waits"}  # they grow with the run: saved when they change, not with each batch
TAKEN_OVER = "The process of run {} ended unexpectedly. This run resumes where it stopped."


class LockLost(Exception):
    """Another process has ended the run: it cancelled it, or holds the Page's lock now."""


class NotQueued(Exception):
    """The run is no longer queued: it was cancelled, or another process has started it."""


class RunEnded(Exception):
    """The run has ended already and cannot be cancelled."""


def queue_run(page: Page, *, full: bool, trigger: str, asked_by=None) -> SyncRun:
    """Create a queued run, which the next free worker starts."""
    is_full = full or page.last_synced_at is None
    mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run = SyncRun(page=page, mode=mode, trigger=trigger, asked_by=asked_by, status=Status.QUEUED)
    save(run)
    return run


@transaction.atomic
def open_run(page: Page, *, full: bool, trigger: str, queued: int | None = None) -> SyncRun:
    """Start the oldest queued run of the Page, or a new one. The caller holds the Page's sync lock.

    `queued` is the run that the caller was asked to start. Raises NotQueued if it is no longer queued; no
    run is started then.

    Active runs of processes that ended are closed, and the Page is refreshed in the same transaction: a
    process that only lost its lock may still be writing, but cannot commit anything after that.
    """
    page.refresh_from_db(from_queryset=Page.objects.select_for_update())
    # Locked: a concurrent cancellation either comes first, or cancels the started run.
    active = list(page.runs.active().select_for_update().order_by("pk"))
    waiting = [run for run in active if run.status == Status.QUEUED]
    abandoned = [run for run in active if run.status != Status.QUEUED]
    before = resumable(page)
    if queued and queued not in [run.pk for run in waiting]:
        raise NotQueued
    run = waiting[0] if waiting else SyncRun(page=page)
    full = full or run.mode == SyncRun.Mode.FULL
    if before and full and before.mode != SyncRun.Mode.FULL:
        before = None  # it read only a part of what this run reads
    is_full = full or page.last_synced_at is None or (before and before.mode == SyncRun.Mode.FULL)
    run.mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run.trigger = run.trigger or trigger
    run.checkpoint = before.checkpoint if before else {}
    run.status, run.started_at = Status.STARTING, timezone.now()
    run.notes = [TAKEN_OVER.format(dead.pk) for dead in abandoned]
    save(run)
    for dead in abandoned:  # the Page's lock was free: their processes have ended
        finish(dead, Status.INTERRUPTED, ABANDONED.format(run.pk))
    return run


def resumable(page: Page) -> SyncRun | None:
    """Return the previous run if it can be resumed: it has a checkpoint, and stopped within RESUME_WITHIN."""
    begun = page.runs.exclude(status=Status.QUEUED).exclude(status=Status.CANCELLED, checkpoint={})
    run = begun.order_by("-pk").first()
    if run is None or run.status in SUCCESSFUL or not run.checkpoint or not run.heartbeat_at:
        return None
    return run if timezone.now() - run.heartbeat_at < RESUME_WITHIN else None


def follows_complete_run(run: SyncRun) -> bool:
    """Whether the previous run was successful: every thread that its lists showed is stored."""
    begun = SyncRun.objects.filter(page_id=run.page_id, pk__lt=run.pk).exclude(status=Status.QUEUED)
    return begun.order_by("-pk").values_list("status", flat=True).first() in SUCCESSFUL


def save(run: SyncRun, *, also: Collection[str] = ()) -> None:
    """Save the run and notify all processes. Raises LockLost if the run has ended in the database.

    `also` names the columns of RARELY_WRITTEN that have changed.
    """
    run.heartbeat_at = timezone.now()
    if timeline.take_sample(run):
        also = {*also, "samples"}
    with transaction.atomic(savepoint=False):  # part of the caller's transaction, if there is one
        if run.pk is None:
            run.save()
            publish_progress(run)
        else:
            _update(run, also)


def _update(run: SyncRun, also: Collection[str]) -> None:
    """Update and notify in one raw statement, for each batch: the ORM takes longer than the server."""
    changed, statement = _update_of(frozenset(also))
    values = [field.get_db_prep_save(getattr(run, field.attname), connection) for field in changed]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, run.pk, *notification(run)])
        if cursor.fetchone() is None:
            raise LockLost


@cache
def _update_of(also: frozenset[str]) -> tuple[list[Field], str]:
    """Return the fields that an update writes, and its statement."""
    fields = [field for field in SyncRun._meta.concrete_fields if not field.primary_key]
    changed = [field for field in fields if field.attname not in RARELY_WRITTEN or field.attname in also]
    columns = ", ".join(f'"{field.column}" = %s' for field in changed)
    statement = SQL(STATEMENTS["update"]).format(columns=SQL(columns), notify=SQL(NOTIFY))
    return changed, statement.as_string()


def is_ended(run: SyncRun) -> bool:
    """Whether the run has ended in the database. A raw query: every sync asks once a second."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["is_ended"], [run.pk])
        return cursor.fetchone()[0]


def pause(run: SyncRun, status: str, reason: str, seconds: float) -> None:
    """Save that the run waits. `status` is WAITING or RETRYING. Raises LockLost like `save()`."""
    run.status, run.wait_reason = status, reason
    run.waits_until = timezone.now() + timedelta(seconds=seconds)
    timeline.note_wait(run, seconds)
    save(run, also=["waits"])


def finish(run: SyncRun, status: str, error: str = "", *, fault: str = "") -> None:
    """End a run, for good. Raises LockLost if it has already ended."""
    run.status, run.error, run.fault, run.ended_at = status, error, fault, timezone.now()
    run.ledger = take_coverage(run.page)
    save(run)


@transaction.atomic
def cancel(run_id: int, *, by: str = "") -> SyncRun:
    """Cancel a run that is queued or in progress in any process. Raises RunEnded.

    The process that executes it notices at its next transaction, which then writes nothing, and otherwise
    within a second (see `sync.cancellation`).
    """
    run = SyncRun.objects.select_for_update(of=["self"]).select_related("page").get(pk=run_id)
    if run.ended_at is not None:
        raise RunEnded(gettext("Run %(number)s has already ended.") % {"number": run.pk})
    finish(run, Status.CANCELLED, CANCELLED.format(f" by {by}" if by else ""))
    return run


def finish_if_open(run: SyncRun, status: str, error: str, *, fault: str = "") -> None:
    """End a run unless it has already ended."""
    with suppress(LockLost):
        finish(run, status, error, fault=fault)


def abandon(run_id: int) -> None:
    """End a run as interrupted whose thread hangs in a call while its process is stopped."""
    try:
        run = SyncRun.objects.active().filter(pk=run_id).first()
        if run is not None:
            finish_if_open(run, Status.INTERRUPTED, INTERRUPTED)
    finally:
        connection.close()
