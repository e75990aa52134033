"""Builds what the page of a sync run shows; managers see more than other members."""

from datetime import datetime, timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from conversations.admin.formatting import describe_status
from conversations.admin.runs.coverage_table import coverage_table
from conversations.admin.runs.rate_chart import rate_charts, rate_table
from conversations.admin.sync_panel import SyncPanel
from conversations.lib.durations import format_duration
from conversations.models import SyncRun, Thread
from conversations.permissions import MANAGER, has_role
from conversations.sync.progress import PUBLIC_MESSAGES, SyncProgress, message_for
from conversations.tasks import is_worker_alive

MAX_PROBLEMS = 5  # of each kind; a link leads to the others


def run_context(request: HttpRequest, run: SyncRun) -> dict:
    """Return the context of admin/conversations/syncrun/parts.html."""
    is_managed = has_role(request.user, [run.page_id], MANAGER)
    panel = SyncPanel(run.page, SyncProgress.from_run(run), is_managed, is_worker_alive())
    error = message_for(run, is_manager=is_managed) if run.error else ""
    return {
        "run": run,
        "panel": panel,
        "is_managed": is_managed,
        "requested_by": requested_by(run),
        "duration": format_duration(run.duration) if run.started_at else "",
        "charts": rate_charts(run.samples, run.waits),
        "rates": rate_table(run.samples),
        "waits": wait_rows(run, is_managed=is_managed),
        "error": error if error != panel.message else "",  # the panel cuts a long one
        "notes": run.notes if is_managed else [],
        "coverage": coverage_table(run.page, run.ledger, run.ended_at),
        "problems": problem_threads(run) if run.ended_at else [],
    }


def requested_by(run: SyncRun) -> str:
    """Return what triggered the run, and the user where there was one: `admin, eva`."""
    return f"{run.trigger}, {run.asked_by.get_username()}" if run.asked_by else run.trigger


def wait_rows(run: SyncRun, *, is_managed: bool) -> list[dict]:
    """Return the waits, newest first. Only managers see the reason."""
    started_at = run.started_at
    if started_at is None:
        return []
    return [
        {
            "time": clock_time(started_at, wait["at"]),
            "status": describe_status(wait["status"]),
            "duration": format_duration(wait["seconds"]),
            "reason": wait["why"] if is_managed else PUBLIC_MESSAGES[SyncRun.Status.WAITING],
        }
        for wait in reversed(run.waits)
    ]


def clock_time(started_at: datetime, second: float) -> str:
    """Return the time of day of a second of the run."""
    return date_format(timezone.localtime(started_at + timedelta(seconds=second)), "H:i:s")


def problem_threads(run: SyncRun) -> list[dict]:
    """Return the newest unreadable and pending threads of the Page as of now, with a link to all of them."""
    kinds = []
    for state, title in (
        ("unreadable", gettext("Skipped: unreadable")),
        ("owed", gettext("Pending: requested again by the next sync")),
    ):
        threads = run.page.threads.filter(state=state).order_by("-pk")
        if rows := list(threads.values("graph_id", "reason")[: MAX_PROBLEMS + 1]):
            kinds.append(
                {
                    "title": title,
                    "threads": rows[:MAX_PROBLEMS],
                    "has_more": len(rows) > MAX_PROBLEMS,
                    "url": threads_url(run, state),
                }
            )
    return kinds


def threads_url(run: SyncRun, state: str) -> str:
    query = {"page": run.page_id, "state__exact": Thread.State(state).value}
    return reverse("admin:conversations_thread_changelist", query=query)
