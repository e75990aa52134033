"""The rows of runs: how one begins, from where it goes on, and what it leaves behind."""

from datetime import timedelta

from django.utils import timezone

from conversations.models import Page, SyncRun

RESUME_WITHIN = timedelta(days=1)  # a cursor does not live for ever: later the walk begins anew
ABANDONED = "The process that ran it is gone. The next sync goes on from where it stopped."


def open_run(page: Page, *, full: bool, trigger: str) -> SyncRun:
    """A run in work, queued by somebody before or made now. The caller holds the Page's sync lock."""
    close_abandoned(page)
    before = resumable(page)
    run = page.runs.filter(status=SyncRun.Status.QUEUED).order_by("pk").first() or SyncRun(page=page)
    full = full or run.mode == SyncRun.Mode.FULL
    if before and full and before.mode != SyncRun.Mode.FULL:
        before = None  # it walked only a part of what is to be walked now
    is_full = full or page.last_synced_at is None or (before and before.mode == SyncRun.Mode.FULL)
    run.mode = SyncRun.Mode.FULL if is_full else SyncRun.Mode.INCREMENTAL
    run.trigger = run.trigger or trigger
    run.resume = before.resume if before else {}
    run.status, run.started_at = SyncRun.Status.STARTING, timezone.now()
    run.alive_at = run.started_at
    run.save()
    return run


def close_abandoned(page: Page) -> None:
    """Who holds the Page's lock knows that whatever still looks alive is dead."""
    for run in page.runs.active().exclude(status=SyncRun.Status.QUEUED):
        run.finish(SyncRun.Status.INTERRUPTED, ABANDONED)


def resumable(page: Page) -> SyncRun | None:
    """The run before, if it stopped in the middle of its walk not long ago."""
    run = page.runs.exclude(status=SyncRun.Status.QUEUED).order_by("-pk").first()
    stopped = (SyncRun.Status.INTERRUPTED, SyncRun.Status.ERROR, SyncRun.Status.CANCELLED)
    if run is None or run.status not in stopped or not run.resume or not run.alive_at:
        return None
    return run if timezone.now() - run.alive_at < RESUME_WITHIN else None
