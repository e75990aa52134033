"""How far a run is: the row tells it, this is what doors show of it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from conversations.models import SyncRun


@dataclass(frozen=True)
class SyncProgress:
    """The state of a run after a commit. Counters count threads; `seconds` is how long a wait lasts."""

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
    seconds: float | None = None

    @classmethod
    def of(cls, run: SyncRun, *, message: str = "", seconds: float | None = None) -> "SyncProgress":
        return cls(
            run.status,
            message or in_words(run),
            run.pk,
            run.synced,
            run.inserted,
            run.updated,
            run.unchanged,
            run.skipped,
            run.total,
            run.events_created,
            run.requests,
            seconds,
        )

    def as_dict(self) -> dict:
        return asdict(self)


OnProgress = Callable[[SyncProgress], None]


def in_words(run: SyncRun) -> str:
    """One sentence about the run."""
    stored = f"{run.synced:,} of {run.total:,} conversations"
    match run.status:
        case SyncRun.Status.QUEUED:
            return "Waiting for its turn."
        case SyncRun.Status.STARTING | SyncRun.Status.FETCHING:
            return "Asking Facebook for conversations."
        case SyncRun.Status.COMPLETE:
            return f"All done: {stored}, {run.events_created:,} new messages."
        case SyncRun.Status.COMPLETE_WITH_ERRORS:
            return f"Done but for {run.owed:,} conversations, which the next sync asks for again: {stored}."
        case SyncRun.Status.ERROR | SyncRun.Status.CANCELLED | SyncRun.Status.INTERRUPTED:
            return run.error or f"Stopped at {stored}."
    return f"{stored}, {run.events_created:,} new messages."
