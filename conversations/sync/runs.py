"""The rows of runs: how one begins, from where it goes on, and how it ends. Each change is published."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from conversations.models import Page, SyncRun
from conversations.sync.ledger import take_ledger
from conversations.sync.progress import publish_progress

Status = SyncRun.Status

RESUME_WITHIN = timedelta(days=1)  # a cursor does not live for ever: later the walk begins anew
ABANDONED = "The process that ran it is gone. Run {} goes on from where it stopped."
LEFT = "Run {} was left by a process that is gone; going on from where it stopped."


def queue_run(page: Page, *, full: bool, trigger: str) -> SyncRun:
    """A run for whichever worker is free."""
    is_full = full or page.last_synced_at is None
    mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run = SyncRun(page=page, mode=mode, trigger=trigger, status=Status.QUEUED)
    save(run)
    return run


def open_run(page: Page, *, full: bool, trigger: str) -> SyncRun:
    """A run in work, queued by somebody before or made now. The caller holds the Page's sync lock."""
    abandoned = list(page.runs.active().exclude(status=Status.QUEUED).order_by("pk"))
    before = resumable(page)
    run = page.runs.filter(status=Status.QUEUED).order_by("pk").first() or SyncRun(page=page)
    full = full or run.mode == SyncRun.Mode.FULL
    if before and full and before.mode != SyncRun.Mode.FULL:
        before = None  # it walked only a part of what is to be walked now
    is_full = full or page.last_synced_at is None or (before and before.mode == SyncRun.Mode.FULL)
    run.mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run.trigger = run.trigger or trigger
    run.resume = before.resume if before else {}
    run.status, run.started_at = Status.STARTING, timezone.now()
    run.notes = [LEFT.format(dead.pk) for dead in abandoned]
    with transaction.atomic():
        save(run)
        for dead in abandoned:  # who holds the Page's lock knows that what still looks alive is dead
            finish(dead, Status.INTERRUPTED, ABANDONED.format(run.pk))
    return run


def resumable(page: Page) -> SyncRun | None:
    """The run before, if it stopped in the middle of its walk not long ago."""
    run = page.runs.exclude(status=Status.QUEUED).order_by("-pk").first()
    ended_well = (Status.COMPLETE, Status.COMPLETE_WITH_ERRORS)
    if run is None or run.status in ended_well or not run.resume or not run.alive_at:
        return None
    return run if timezone.now() - run.alive_at < RESUME_WITHIN else None


def save(run: SyncRun) -> None:
    """The run's present state, and word of it to all who watch."""
    run.alive_at = timezone.now()
    with transaction.atomic():
        run.save()
        publish_progress(run)


def pause(run: SyncRun, status: str, reason: str, seconds: float) -> None:
    run.status, run.waits_for = status, reason
    run.waits_until = timezone.now() + timedelta(seconds=seconds)
    save(run)


def finish(run: SyncRun, status: str, error: str = "", *, blame: str = "") -> None:
    """The end of a run: it is never opened again."""
    run.status, run.error, run.blame, run.ended_at = status, error, blame, timezone.now()
    run.ledger = take_ledger(run.page)
    save(run)
