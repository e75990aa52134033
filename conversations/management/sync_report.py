"""Reports the result of a sync on the command line: lines of text for people, JSON for programs."""

from collections.abc import Iterator

from conversations.lib.durations import format_duration
from conversations.management.progress_text import pluralize, printable, status_label
from conversations.models import Page, SyncRun, Thread
from conversations.models.run_counters import IN_COMMAND, LABELS, THREAD_RESULTS, rest_values, sum_counters
from conversations.sync import coverage
from conversations.sync.service import SyncResult

Status, State = SyncRun.Status, Thread.State
BEST_TO_WORST = [
    Status.COMPLETE,
    Status.COMPLETE_WITH_ERRORS,
    Status.CANCELLED,
    Status.INTERRUPTED,
    Status.ERROR,
]
MAX_PROBLEMS = 20  # threads that are listed; the admin and the API list all of them
MAX_REASON_LENGTH = 200


def failed_result(page: Page, status: str, error: str, *, run: SyncRun | None = None) -> SyncResult:
    """Return the result of a sync that this command could not run itself. `run` is the run of another."""
    mode = run.mode if run else SyncRun.Mode.INCREMENTAL
    return SyncResult(
        page=page.facebook_page_id,
        run=run.pk if run else 0,
        status=str(status),
        mode=str(mode),
        duration=0.0,
        error=error,
    )


# -- JSON ----------------------------------------------------------------------------------------------------
def summary(results: list[SyncResult], coverages: dict[int, dict], duration: float) -> dict:
    """Return what --json prints: the sums of all Pages, and each run. `coverages` are the reports by run."""
    status = max((Status(result.status) for result in results), key=BEST_TO_WORST.index, default=Status.ERROR)
    modes = {result.mode for result in results}
    return {
        "status": str(status),
        **rest_values(sum_counters(results), IN_COMMAND),
        "mode": "full" if "full" in modes else "incremental",
        "duration": round(duration, 3),
        "runs": [run_summary(result, coverages.get(result.run)) for result in results],
    }


def run_summary(result: SyncResult, coverage_report: dict | None) -> dict:
    return {
        "page": result.page,
        "run": result.run or None,
        "status": result.status,
        **rest_values(result, IN_COMMAND),
        "mode": result.mode,
        "duration": round(result.duration, 3),
        "ledger": coverage_report or None,
    }


# -- text --------------------------------------------------------------------------------------------------
def report_lines(page: Page, result: SyncResult, coverage_report: dict | None) -> Iterator[str]:
    results = ", ".join(f"{getattr(result, name):,} {LABELS[name]}" for name in THREAD_RESULTS)
    yield (
        f"{printable(str(page))}: {status_label(result.status)}. "
        f"{pluralize(result.synced, 'conversation')} ({results}), "
        f"{pluralize(result.events_created, 'new message')}, {pluralize(result.requests, 'request')}, "
        f"{format_duration(result.duration)}"
    )
    if coverage_report:
        yield coverage.describe_coverage(coverage_report)


def failure_reason(result: SyncResult) -> str:
    """Return why the sync is not complete."""
    if result.status == Status.COMPLETE_WITH_ERRORS:
        return f"{result.owed:,} pending: the next sync requests them again."
    return result.error


def problem_lines(page: Page, coverage_report: dict | None) -> Iterator[str]:
    """Yield the newest pending and unreadable threads of this Page, each with its reason."""
    if not coverage_report:
        return
    threads = page.threads.filter(state__in=[State.OWED, State.UNREADABLE]).order_by("state", "-pk")
    for state, graph_id, reason in threads.values_list("state", "graph_id", "reason")[:MAX_PROBLEMS]:
        label = "pending" if state == State.OWED else state
        yield f"  {label} {printable(graph_id)}: {printable(reason)[:MAX_REASON_LENGTH] or 'no reason given'}"
    left = coverage_report["threads"]["owed"] + coverage_report["threads"]["unreadable"] - MAX_PROBLEMS
    if left > 0:
        where = f"/api/pages/{page.pk}/threads?state="
        yield f"  and {left:,} more: see {where}{State.OWED} and {where}{State.UNREADABLE}, or the admin"
