"""What the page of a run shows, for whom."""

from datetime import timedelta

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from conversations.admin.access import MANAGER, has_role
from conversations.admin.ledgers import ledger_shown
from conversations.admin.pages import SyncPanel
from conversations.admin.rate_chart import rate_charts, rate_table
from conversations.admin.words import duration, status_in_words
from conversations.jobs import is_worker_alive
from conversations.models import SyncRun, Thread
from conversations.sync.progress import DISCREET, SyncProgress, message_for

TROUBLES = 5  # of each kind; the others are behind the link


def run_shown(request: HttpRequest, run: SyncRun) -> dict:
    """The context of admin/conversations/syncrun/parts.html."""
    is_managed = has_role(request, [run.page_id], MANAGER)
    panel = SyncPanel(run.page, SyncProgress.of(run), is_managed, is_worker_alive())
    why = message_for(run, is_manager=is_managed) if run.error else ""
    return {
        "run": run,
        "panel": panel,
        "is_managed": is_managed,
        "asked": asked(run),
        "took": duration(run.duration) if run.started_at else "",
        "charts": rate_charts(run.samples, run.waits),
        "rates": rate_table(run.samples),
        "waits": waits_shown(run, is_managed=is_managed),
        "why": why if why != panel.message else "",  # a long one is cut there
        "notes": run.notes if is_managed else [],
        "ledger": ledger_shown(run.page, run.ledger),
        "troubles": troubles_of(run) if run.ended_at else [],
    }


def asked(run: SyncRun) -> str:
    """At which door it was asked for, and by whom, where somebody did."""
    return f"{run.trigger}, {run.asked_by.get_username()}" if run.asked_by else run.trigger


def waits_shown(run: SyncRun, *, is_managed: bool) -> list[dict]:
    """The pauses, newest first: `time`, `status`, `seconds` in words, `why` for managers."""
    return [
        {
            "time": clock(run, wait["at"]),
            "status": status_in_words(wait["status"]),
            "seconds": duration(wait["seconds"]),
            "why": wait["why"] if is_managed else DISCREET[SyncRun.Status.WAITING],
        }
        for wait in reversed(run.waits)
    ]


def clock(run: SyncRun, second: float) -> str:
    assert run.started_at is not None  # noqa: S101 - a run that has not begun does not wait
    return date_format(timezone.localtime(run.started_at + timedelta(seconds=second)), "H:i:s")


def troubles_of(run: SyncRun) -> list[dict]:
    """Threads of the Page that are unreadable or owed as of now, the newest of each, and where all are."""
    kinds = []
    for state, words in (("unreadable", "Skipped: they cannot be read"), ("owed", "Owed: asked for again")):
        threads = run.page.threads.filter(state=state).order_by("-pk")
        if found := list(threads.values("graph_id", "reason")[: TROUBLES + 1]):
            kinds.append(
                {
                    "words": words,
                    "threads": found[:TROUBLES],
                    "has_more": len(found) > TROUBLES,
                    "address": threads_address(run, state),
                }
            )
    return kinds


def threads_address(run: SyncRun, state: str) -> str:
    query = {"page": run.page_id, "state__exact": Thread.State(state).value}
    return reverse("admin:conversations_thread_changelist", query=query)
