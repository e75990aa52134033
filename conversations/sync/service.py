"""sync_conversations(): brings what Facebook has of a Page into the tables."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from conversations.graph.client import GraphClient
from conversations.graph.errors import AccessTokenError, GraphError, RateLimitError
from conversations.locks import sync_lock
from conversations.models import Page, Platform, SyncRun
from conversations.sync import runs
from conversations.sync.progress import OnProgress, SyncProgress
from conversations.sync.walk import PageWalk

logger = logging.getLogger(__name__)

Status = SyncRun.Status


class SyncAlreadyRunning(Exception):
    """Somebody else syncs this Page now: `run` is their run, None where it has not begun yet."""

    def __init__(self, page: Page):
        self.run = page.runs.active().exclude(status=Status.QUEUED).order_by("-pk").first()
        which = f" as run {self.run.pk}" if self.run else ""
        super().__init__(f"{page} is being synced already{which}.")


class SyncStopped(KeyboardInterrupt):
    """Raised in the thread that syncs, by the handler of a signal: the run ends as interrupted."""


@dataclass(frozen=True)
class SyncResult:
    """How a run ended. Counters count threads, events_created messages, duration seconds."""

    page: str
    run: int
    status: str
    mode: str
    synced: int
    inserted: int
    updated: int
    unchanged: int
    skipped: int
    owed: int
    events_created: int
    requests: int
    duration: float
    error: str

    @classmethod
    def of(cls, run: SyncRun) -> "SyncResult":
        return cls(
            run.page.facebook_page_id,
            run.pk,
            str(run.status),
            str(run.mode),
            run.synced,
            run.inserted,
            run.updated,
            run.unchanged,
            run.skipped,
            run.owed,
            run.events_created,
            run.requests,
            run.duration,
            run.error,
        )


def sync_conversations(
    page: Page,
    *,
    full: bool = False,
    trigger: str = "command",
    on_progress: OnProgress = lambda progress: None,
    stopping: threading.Event | None = None,
) -> SyncResult:
    """Stores every conversation and message that Facebook shows of this Page.

    The first run walks everything (`full`), later ones what has changed since. Tells `on_progress` after
    each commit. Ends as interrupted soon after `stopping` is set, at once on SyncStopped. Raises
    SyncAlreadyRunning; what goes wrong on the way is in the run and the result.
    """
    with sync_lock(page.pk) as is_ours:
        if not is_ours:
            raise SyncAlreadyRunning(page)
        page.refresh_from_db()
        run = runs.open_run(page, full=full, trigger=trigger)
        try:
            _execute(page, run, on_progress, stopping or threading.Event())
        except AccessTokenError as error:
            page.reconnect(str(error))
            _stop(run, Status.ERROR, str(error), blame=SyncRun.Blame.OWNER)
        except GraphError as error:
            _stop(run, Status.ERROR, str(error), blame=SyncRun.Blame.FACEBOOK)
        except KeyboardInterrupt:
            connection.close()  # it may have been in the middle of a statement
            _stop(run, Status.INTERRUPTED, "It was stopped. The next sync goes on from there.")
        except Exception as error:
            _blame_ourselves(run, error)
        with suppress(KeyboardInterrupt):  # it has ended: there is nothing left to stop
            on_progress(SyncProgress.of(run))
        return SyncResult.of(run)


def _execute(page: Page, run: SyncRun, on_progress: OnProgress, stopping: threading.Event) -> None:
    if not page.access_token:
        raise AccessTokenError(page.connection[1])

    def report() -> None:
        if stopping.is_set():
            raise SyncStopped
        on_progress(SyncProgress.of(run))

    run.status = Status.FETCHING
    runs.save(run)
    report()
    client = _client(page, run, report, stopping)
    try:
        walk = PageWalk(page, run, client, report)
        walk.pay_debts()
        synced_until = walk.walk()
    finally:
        run.requests = client.requests
        client.close()
    _close(page, run, synced_until)


def _client(page: Page, run: SyncRun, report: Callable[[], None], stopping: threading.Event) -> GraphClient:
    def on_wait(error: GraphError, seconds: float) -> None:
        status = Status.WAITING if isinstance(error, RateLimitError) else Status.RETRYING
        runs.pause(run, status, str(error), seconds)
        logger.info("[page %s] %s Asking again in %.0f s.", page.pk, error, seconds)
        report()

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise SyncStopped

    return GraphClient(
        page.access_token,
        url=settings.GRAPH_API_URL,
        version=settings.GRAPH_API_VERSION,
        app_secret=settings.FACEBOOK_APP_SECRET,
        calls_per_second=settings.GRAPH_CALLS_PER_SECOND,
        retry_seconds=settings.GRAPH_RETRY_SECONDS,
        on_wait=on_wait,
        sleep=sleep,
    )


@transaction.atomic
def _close(page: Page, run: SyncRun, synced_until: datetime | None) -> None:
    """The walk is done: the watermark moves, for all down to the old one is stored or accounted for."""
    if synced_until:
        page.watermarks[Platform.MESSENGER.value] = synced_until.isoformat()
    page.last_synced_at = timezone.now()
    page.state, page.state_reason = Page.State.CONNECTED, ""  # Facebook has just accepted the token
    page.save(update_fields=["watermarks", "last_synced_at", "state", "state_reason"])
    run.resume = {}
    run.total = run.synced + run.skipped + run.owed
    runs.finish(run, Status.COMPLETE_WITH_ERRORS if run.owed else Status.COMPLETE)


def _blame_ourselves(run: SyncRun, error: Exception) -> None:
    """A fault of ours or of the database ends the run too; if the row cannot be written, that is raised."""
    logger.error("[page %s] run %s failed", run.page_id, run.pk, exc_info=error)
    if isinstance(error, DatabaseError):
        connection.close()
    first_line = (str(error).splitlines() or [""])[0]
    words = f"Inbox itself failed: {type(error).__name__} {first_line}".strip()
    _stop(run, Status.ERROR, words, blame=SyncRun.Blame.INBOX)


def _stop(run: SyncRun, status: str, error: str, *, blame: str = "") -> None:
    """Ends the run as it was last committed: what was counted for a batch that was not stored is not true,
    and a resume point behind that batch would lose it."""
    requests = run.requests
    run.refresh_from_db()
    if run.ended_at is None:  # it may have been stopped just after its end
        run.requests = requests
        runs.finish(run, status, error, blame=blame)
