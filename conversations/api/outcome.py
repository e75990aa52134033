"""How a run that was waited for ended, as an answer."""

from django.db import connection

from conversations.models import SyncRun
from conversations.sync.progress import REMOVED, in_words

Status, Blame = SyncRun.Status, SyncRun.Blame
CODES = {
    Status.COMPLETE: 200,
    Status.COMPLETE_WITH_ERRORS: 200,
    Status.CANCELLED: 409,
    Status.INTERRUPTED: 503,
}
BLAMED = {Blame.OWNER: 409, Blame.FACEBOOK: 502}


def code_of(run: SyncRun) -> int:
    """409: a person must act; 502: Facebook failed; 503: it was interrupted; 500: we failed."""
    return CODES.get(Status(run.status)) or BLAMED.get(Blame(run.blame) if run.blame else Blame.INBOX, 500)


def outcome_of(run_id: int) -> tuple[dict, int]:
    """(body, status) for a run, on a connection that is closed at once."""
    try:
        run = SyncRun.objects.get(pk=run_id)
        return body_of(run), code_of(run)
    except SyncRun.DoesNotExist:  # everything of its Page was deleted meanwhile
        run = SyncRun(pk=run_id, status=Status.CANCELLED, error=REMOVED)
        return body_of(run), code_of(run)
    finally:
        connection.close()


def body_of(run: SyncRun) -> dict:
    counters = ("synced", "inserted", "updated", "unchanged", "skipped", "total")
    words = in_words(run)
    failed = {"error": words} if code_of(run) != 200 else {}
    return {
        "success": run.status == Status.COMPLETE,
        "status": run.status,
        **{name: getattr(run, name) for name in counters},
        "eventsCreated": run.events_created,
        "syncMode": run.mode,
        "duration": round(run.duration, 3),
        "message": words,
        "run": run.pk,
        **failed,
    }
