"""The rows of runs: how one begins, from where it goes on, and how it ends. Each change is published."""

from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync import course
from conversations.sync.ledger import take_ledger
from conversations.sync.progress import PUBLISH, publish_progress, published

Status = SyncRun.Status

ENDED_WELL = (Status.COMPLETE, Status.COMPLETE_WITH_ERRORS)
RESUME_WITHIN = timedelta(days=1)  # a cursor does not live for ever: later the walk begins anew
ABANDONED = "The process that ran it is gone. Run {} goes on from where it stopped."
CANCELLED = "It was cancelled{}. What was stored is kept, and the next sync goes on from there."
SELDOM = {"samples", "waits"}  # they grow with the run: written when they change, not with each batch
LEFT = "Run {} was left by a process that is gone; going on from where it stopped."


class LockLost(Exception):
    """The run was ended by another process: by one that has the Page's lock now, or as cancelled."""


class NotQueued(Exception):
    """The run that was to be done waits no longer: it was cancelled, or somebody has begun it."""


class RunEnded(Exception):
    """The run has ended already: nothing is left of it to cancel."""


def queue_run(page: Page, *, full: bool, trigger: str, asked_by=None) -> SyncRun:
    """A run for whichever worker is free."""
    is_full = full or page.last_synced_at is None
    mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run = SyncRun(page=page, mode=mode, trigger=trigger, asked_by=asked_by, status=Status.QUEUED)
    save(run)
    return run


@transaction.atomic
def open_run(page: Page, *, full: bool, trigger: str, queued: int | None = None) -> SyncRun:
    """A run in work, queued by somebody before or made now. The caller holds the Page's sync lock.

    `queued`: the run that it is for. Raises NotQueued where that waits no longer: then none is begun.

    Reads the Page anew, in the transaction that closes the runs of the dead: one that only lost its lock
    may be writing still, and writes nothing more after that.
    """
    page.refresh_from_db(from_queryset=Page.objects.select_for_update())
    working = page.runs.active().exclude(status=Status.QUEUED)
    abandoned = list(working.select_for_update().order_by("pk"))
    before = resumable(page)
    # Locked: whoever cancels one of them meanwhile was quicker, or cancels it in work.
    waiting = list(page.runs.filter(status=Status.QUEUED).select_for_update().order_by("pk"))
    if queued and queued not in [run.pk for run in waiting]:
        raise NotQueued
    run = waiting[0] if waiting else SyncRun(page=page)
    full = full or run.mode == SyncRun.Mode.FULL
    if before and full and before.mode != SyncRun.Mode.FULL:
        before = None  # it walked only a part of what is to be walked now
    is_full = full or page.last_synced_at is None or (before and before.mode == SyncRun.Mode.FULL)
    run.mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run.trigger = run.trigger or trigger
    run.resume = before.resume if before else {}
    run.status, run.started_at = Status.STARTING, timezone.now()
    run.notes = [LEFT.format(dead.pk) for dead in abandoned]
    save(run)
    for dead in abandoned:  # who holds the Page's lock knows that what still looks alive is dead
        finish(dead, Status.INTERRUPTED, ABANDONED.format(run.pk))
    return run


def resumable(page: Page) -> SyncRun | None:
    """The run before, if it stopped in the middle of its walk not long ago."""
    begun = page.runs.exclude(status=Status.QUEUED).exclude(status=Status.CANCELLED, resume={})
    run = begun.order_by("-pk").first()
    if run is None or run.status in ENDED_WELL or not run.resume or not run.alive_at:
        return None
    return run if timezone.now() - run.alive_at < RESUME_WITHIN else None


def follows_whole(run: SyncRun) -> bool:
    """Whether the run before ended well: all that its lists showed is held, and not only their beginnings."""
    begun = SyncRun.objects.filter(page_id=run.page_id, pk__lt=run.pk).exclude(status=Status.QUEUED)
    return begun.order_by("-pk").values_list("status", flat=True).first() in ENDED_WELL


def save(run: SyncRun, *, also: Collection[str] = ()) -> None:
    """The run's present state, and word of it to all who watch. Raises LockLost where somebody ended it.

    `also`: which of SELDOM have changed.
    """
    run.alive_at = timezone.now()
    if course.take_sample(run):
        also = {*also, "samples"}
    with transaction.atomic(savepoint=False):  # all or nothing with what the caller writes
        if run.pk is None:
            run.save()
            publish_progress(run)
        else:
            _update(run, also)


def _update(run: SyncRun, also: Collection[str]) -> None:
    """In one statement, each batch: the ORM would take longer to write it than the server to do it."""
    fields = [field for field in SyncRun._meta.concrete_fields if not field.primary_key]
    changed = [field for field in fields if field.attname not in SELDOM or field.attname in also]
    columns = ", ".join(f'"{field.column}" = %s' for field in changed)
    values = [field.get_db_prep_save(getattr(run, field.attname), connection) for field in changed]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE conversations_syncrun SET {columns} WHERE id = %s AND ended_at IS NULL"  # noqa: S608 - names
            f" RETURNING {PUBLISH}",
            [*values, run.pk, *published(run)],
        )
        if cursor.fetchone() is None:
            raise LockLost


def is_ended(run: SyncRun) -> bool:
    """Whether somebody ended it, as the database knows."""
    return not SyncRun.objects.filter(pk=run.pk, ended_at=None).exists()


def pause(run: SyncRun, status: str, reason: str, seconds: float) -> None:
    run.status, run.waits_for = status, reason
    run.waits_until = timezone.now() + timedelta(seconds=seconds)
    course.note_wait(run, seconds)
    save(run, also=["waits"])


def finish(run: SyncRun, status: str, error: str = "", *, blame: str = "") -> None:
    """The end of a run: it is never opened again. Raises LockLost where somebody ended it before."""
    run.status, run.error, run.blame, run.ended_at = status, error, blame, timezone.now()
    run.ledger = take_ledger(run.page)
    save(run)


@transaction.atomic
def cancel(run_id: int, *, by: str = "") -> SyncRun:
    """Ends a run, queued or in work in any process, as cancelled. Raises RunEnded.

    Whoever works on it finds its row ended at the next transaction, which then writes nothing, and looks at
    it each second while there is none.
    """
    run = SyncRun.objects.select_for_update(of=["self"]).select_related("page").get(pk=run_id)
    if run.ended_at is not None:
        raise RunEnded(f"Run {run.pk} has ended already.")
    finish(run, Status.CANCELLED, CANCELLED.format(f" by {by}" if by else ""))
    return run


def give_up(run: SyncRun, status: str, error: str, *, blame: str = "") -> None:
    """The end of a run that may have ended meanwhile: then that end stays."""
    with suppress(LockLost):
        finish(run, status, error, blame=blame)
