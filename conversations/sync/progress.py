"""The progress of a run as the API, the admin and the command line show it, and its notification."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from conversations.models import SyncRun
from conversations.models.run_counters import IN_PROGRESS, RunCounters, rest_values, stored_values

CHANNEL = "inbox_progress"
MESSAGE_BYTES = 600  # of the 1,000 bytes that one state of a stream may have

TERMINAL_STATUSES = {
    SyncRun.Status.COMPLETE,
    SyncRun.Status.COMPLETE_WITH_ERRORS,
    SyncRun.Status.ERROR,
    SyncRun.Status.INTERRUPTED,
    SyncRun.Status.CANCELLED,
}
WAITING_STATUSES = {SyncRun.Status.WAITING, SyncRun.Status.RETRYING}

RUN_REMOVED = _("The sync run was deleted with all data of its Page.")
# What users below managers see instead of the reason why a run failed or waits.
PUBLIC_MESSAGES: dict[str, str | Promise] = {
    SyncRun.Status.WAITING: _("Waiting for Facebook."),
    SyncRun.Status.RETRYING: _("Waiting for Facebook."),
    SyncRun.Status.ERROR: _("The sync failed."),
    SyncRun.Status.INTERRUPTED: _("The sync was interrupted."),
    SyncRun.Status.CANCELLED: _("The sync was cancelled."),
}


@dataclass(frozen=True, kw_only=True)
class SyncProgress(RunCounters):
    """The state of a run after a commit. `seconds` remain of a pause."""

    page_id: str  # the Facebook ID
    status: str
    message: str
    run: int
    seconds: int | None = None
    notes: tuple[str, ...] = ()  # harmless irregularities, shown to managers only

    @classmethod
    def from_run(cls, run: SyncRun) -> "SyncProgress":
        return cls(
            page_id=run.page.facebook_page_id,
            status=str(run.status),
            message=describe_run(run),
            run=run.pk,
            seconds=seconds_left(run),
            notes=tuple(run.notes),
            **stored_values(run),
        )

    @classmethod
    def removed(cls, run_id: int) -> "SyncProgress":
        """Return the final state of a run whose row was deleted."""
        return cls(page_id="", status=SyncRun.Status.CANCELLED, message=str(RUN_REMOVED), run=run_id)

    @property
    def is_end(self) -> bool:
        return self.status in TERMINAL_STATUSES

    def as_message(self) -> dict:
        """Return the JSON of one message of a stream. A long text is truncated to fit into one chunk."""
        message = {
            "status": self.status,
            "message": _truncate(self.message),
            "run": self.run,
            **rest_values(self, IN_PROGRESS),
        }
        return message if self.seconds is None else message | {"seconds": self.seconds}

    def as_event(self) -> dict:
        """Return the JSON of an event of the event stream, for managers."""
        return self.as_message() | {"page_id": self.page_id}

    def as_viewer_event(self) -> dict:
        """Return the event without the reason of an error or a pause, which only managers may see."""
        return self.as_event() | (
            {"message": str(PUBLIC_MESSAGES[self.status])} if self.status in PUBLIC_MESSAGES else {}
        )


NOTIFY = "pg_notify(%s, %s)"
OnProgress = Callable[[SyncProgress], None]


def _truncate(text: str) -> str:
    """Truncate a text so that its JSON has at most MESSAGE_BYTES."""
    while len(json.dumps(text)) > MESSAGE_BYTES:
        text = text[: len(text) * 9 // 10]
    return text


def publish_progress(run: SyncRun) -> None:
    """Notify all processes, when the transaction commits, that the run has a new state."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {NOTIFY}", notification(run))


def notification(run: SyncRun) -> list[str]:
    """Return the parameters of NOTIFY. The payload is only the ID: a long one could abort the transaction."""
    return [CHANNEL, str(run.pk)]


def seconds_left(run: SyncRun) -> int | None:
    """Return the remaining seconds of the run's pause; None if it does not pause."""
    if run.status not in WAITING_STATUSES or run.waits_until is None:
        return None
    return max(0, round((run.waits_until - timezone.now()).total_seconds()))


def message_for(run: SyncRun, *, is_manager: bool) -> str:
    """Return `describe_run()`, or for other users a text without the reason of an error or a pause."""
    return describe_run(run) if is_manager else str(PUBLIC_MESSAGES.get(run.status) or describe_run(run))


def describe_run(run: SyncRun) -> str:
    """Return the state of the run as one sentence."""
    stored = gettext("%(synced)s of %(total)s conversations") % {
        "synced": f"{run.synced:,}",
        "total": f"{run.total:,}",
    }
    messages = ngettext("%(number)s new message", "%(number)s new messages", run.events_created)
    messages %= {"number": f"{run.events_created:,}"}
    skipped = gettext("%(number)s skipped") % {"number": f"{run.skipped:,}"} if run.skipped else ""
    result = ", ".join(filter(None, [messages, skipped]))
    match run.status:
        case SyncRun.Status.QUEUED:
            return gettext("Waiting to start.")
        case SyncRun.Status.STARTING | SyncRun.Status.FETCHING:
            return gettext("Fetching conversations from Facebook.")
        case SyncRun.Status.WAITING | SyncRun.Status.RETRYING:
            return run.wait_reason or gettext("Waiting for Facebook.")
        case SyncRun.Status.COMPLETE:
            return gettext("Synced: %(result)s.") % {"result": result}
        case SyncRun.Status.COMPLETE_WITH_ERRORS:
            text = gettext(
                "Completed with errors: %(result)s, %(number)s pending. The next sync tries these again."
            )
            return text % {"result": result, "number": f"{run.owed:,}"}
        case SyncRun.Status.ERROR | SyncRun.Status.CANCELLED | SyncRun.Status.INTERRUPTED:
            return run.error or gettext("Stopped at %(stored)s.") % {"stored": stored}
    return f"{stored}, {messages}."
