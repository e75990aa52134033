"""How far a run is: its row tells it, this is what doors show of it."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.db import connection
from django.utils import timezone

from conversations.models import SyncRun

CHANNEL = "inbox_progress"
MESSAGE_BYTES = 600  # of the 1,000 that one state may take

ENDS = {
    SyncRun.Status.COMPLETE,
    SyncRun.Status.COMPLETE_WITH_ERRORS,
    SyncRun.Status.ERROR,
    SyncRun.Status.INTERRUPTED,
    SyncRun.Status.CANCELLED,
}
PAUSES = {SyncRun.Status.WAITING, SyncRun.Status.RETRYING}

REMOVED = "It was removed with everything of its Page."
# Why a run failed or pauses is for managers; others are told that it does.
DISCREET: dict[str, str] = {
    SyncRun.Status.WAITING: "Waiting for Facebook.",
    SyncRun.Status.RETRYING: "Waiting for Facebook.",
    SyncRun.Status.ERROR: "It failed.",
    SyncRun.Status.INTERRUPTED: "It was interrupted.",
    SyncRun.Status.CANCELLED: "It was cancelled.",
}


@dataclass(frozen=True)
class SyncProgress:
    """The state of a run after a commit. Counters count threads; `seconds` is what is left of a pause."""

    page_id: str  # Facebook's
    status: str
    message: str
    run: int
    synced: int
    inserted: int
    updated: int
    unchanged: int
    skipped: int
    total: int
    events_created: int
    requests: int
    seconds: int | None = None
    notes: tuple[str, ...] = ()  # what was odd but harmless; for managers

    @classmethod
    def of(cls, run: SyncRun) -> "SyncProgress":
        return cls(
            run.page.facebook_page_id,
            str(run.status),
            in_words(run),
            run.pk,
            run.synced,
            run.inserted,
            run.updated,
            run.unchanged,
            run.skipped,
            run.total,
            run.events_created,
            run.requests,
            seconds_left(run),
            tuple(run.notes),
        )

    @classmethod
    def removed(cls, run_id: int) -> "SyncProgress":
        """Of a run whose row is gone: its watchers are told an end, too."""
        return cls("", SyncRun.Status.CANCELLED, REMOVED, run_id, 0, 0, 0, 0, 0, 0, 0, 0)

    @property
    def is_end(self) -> bool:
        return self.status in ENDS

    def as_message(self) -> dict:
        """In the names of the streams; a text that is too long for one chunk is cut."""
        values = asdict(self) | {"message": _cut(self.message), "eventsCreated": self.events_created}
        hidden = {"page_id", "events_created", "requests", "notes"} | (
            {"seconds"} if self.seconds is None else set()
        )
        return {name: value for name, value in values.items() if name not in hidden}

    def as_event(self) -> dict:
        return self.as_message() | {"page_id": self.page_id}

    def as_viewers_event(self) -> dict:
        """Without the words of an error or a pause, which are for managers."""
        return self.as_event() | ({"message": DISCREET[self.status]} if self.status in DISCREET else {})


PUBLISH = "pg_notify(%s, %s)"
OnProgress = Callable[[SyncProgress], None]


def _cut(text: str) -> str:
    """As much of it as one message of a stream has room for, escaped as it is there."""
    while len(json.dumps(text)) > MESSAGE_BYTES:
        text = text[: len(text) * 9 // 10]
    return text


def publish_progress(run: SyncRun) -> None:
    """Tells all processes, when the transaction commits, that there is a new state of this run."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {PUBLISH}", published(run))


def published(run: SyncRun) -> list[str]:
    """The parameters of PUBLISH. The id alone: a payload that is too long would abort the transaction."""
    return [CHANNEL, str(run.pk)]


def seconds_left(run: SyncRun) -> int | None:
    """What is left of its pause; None where it makes none."""
    if run.status not in PAUSES or run.waits_until is None:
        return None
    return max(0, round((run.waits_until - timezone.now()).total_seconds()))


def message_for(run: SyncRun, *, is_manager: bool) -> str:
    """One sentence about the run, without what only managers may know."""
    return in_words(run) if is_manager else DISCREET.get(run.status) or in_words(run)


def in_words(run: SyncRun) -> str:
    """One sentence about the run."""
    stored = f"{run.synced:,} of {run.total:,} conversations"
    match run.status:
        case SyncRun.Status.QUEUED:
            return "Waiting for its turn."
        case SyncRun.Status.STARTING | SyncRun.Status.FETCHING:
            return "Asking Facebook for conversations."
        case SyncRun.Status.WAITING | SyncRun.Status.RETRYING:
            return run.waits_for or "Waiting for Facebook."
        case SyncRun.Status.COMPLETE:
            return f"All done: {stored}, {run.events_created:,} new messages."
        case SyncRun.Status.COMPLETE_WITH_ERRORS:
            return f"Done but for {run.owed:,} conversations, which the next sync asks for again: {stored}."
        case SyncRun.Status.ERROR | SyncRun.Status.CANCELLED | SyncRun.Status.INTERRUPTED:
            return run.error or f"Stopped at {stored}."
    return f"{stored}, {run.events_created:,} new messages."
