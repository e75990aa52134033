"""The result of a sync run that a request waited for, as a response."""

from django.db import connection

from conversations.models import SyncRun
from conversations.models.run_counters import IN_PROGRESS, rest_values
from conversations.sync.progress import RUN_REMOVED, describe_run

Status, Fault = SyncRun.Status, SyncRun.Fault
STATUS_CODES = {
    Status.COMPLETE: 200,
    Status.COMPLETE_WITH_ERRORS: 200,
    Status.CANCELLED: 409,
    Status.INTERRUPTED: 503,
}
FAULT_CODES = {Fault.OWNER: 409, Fault.FACEBOOK: 502}


def http_status_of(run: SyncRun) -> int:
    """409: cancelled, or a person must act; 502: Facebook failed; 503: interrupted; 500: our own error."""
    return STATUS_CODES.get(Status(run.status)) or FAULT_CODES.get(
        Fault(run.fault) if run.fault else Fault.INBOX, 500
    )


def read_run_result(run_id: int) -> tuple[dict, int]:
    """Return body and HTTP status for a run, on a database connection that is then closed."""
    try:
        run = SyncRun.objects.get(pk=run_id)
        return run_result_body(run), http_status_of(run)
    except SyncRun.DoesNotExist:  # its Page was deleted in the meantime
        run = SyncRun(pk=run_id, status=Status.CANCELLED, error=str(RUN_REMOVED))
        return run_result_body(run), http_status_of(run)
    finally:
        connection.close()


def run_result_body(run: SyncRun) -> dict:
    message = describe_run(run)
    failed = {"error": message} if http_status_of(run) != 200 else {}
    return {
        "success": run.status == Status.COMPLETE,
        "status": run.status,
        **rest_values(run, IN_PROGRESS),
        "syncMode": run.mode,
        "duration": round(run.duration, 3),
        "message": message,
        "run": run.pk,
        **failed,
    }
