"""sync_conversations(): brings what Facebook has of a Page into the tables."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from conversations.clients import open_client
from conversations.graph.client import GraphClient
from conversations.graph.errors import AccessTokenError, GraphError, PlatformError
from conversations.locks import SyncLock, sync_lock
from conversations.models import Page, Platform, SyncRun
from conversations.sync import runs
from conversations.sync.cancelling import watching
from conversations.sync.fetch import Fetcher, Note, Pause
from conversations.sync.interrupts import interrupt_in
from conversations.sync.progress import OnProgress, SyncProgress
from conversations.sync.python_pace import one_reads, sync_pace
from conversations.sync.store import Store
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
    queued: int | None = None,
) -> SyncResult:
    """Stores every conversation and message that Facebook shows of this Page.

    The first run walks everything (`full`), later ones what has changed since. Tells `on_progress` after
    each commit. Ends as interrupted soon after `stopping` is set, at once on SyncStopped. `queued`:
    the run that it is for. Raises SyncAlreadyRunning, and runs.NotQueued where that run waits no longer;
    what goes wrong on the way is in the run and the result.
    """
    with sync_lock(page.pk) as lock:
        if not lock.is_ours:
            raise SyncAlreadyRunning(page)
        run = runs.open_run(page, full=full, trigger=trigger, queued=queued)
        try:
            _execute(page, run, lock, on_progress, stopping or threading.Event())
        except AccessTokenError as error:
            page.reconnect(str(error))
            _stop(run, Status.ERROR, str(error), blame=SyncRun.Blame.OWNER)
        except GraphError as error:
            _stop(run, Status.ERROR, str(error), blame=SyncRun.Blame.FACEBOOK)
        except KeyboardInterrupt:
            _interrupt(run)
        except runs.LockLost:
            run.refresh_from_db()
            if run.status != Status.CANCELLED:  # who took the lock over closes the row
                run.status, run.error = Status.INTERRUPTED, "Another process has taken the sync over."
        except Exception as error:
            _interrupt(run) if interrupt_in(error) else _blame_ourselves(run, error)
        with suppress(KeyboardInterrupt):  # it has ended: there is nothing left to stop
            on_progress(SyncProgress.of(run))
        return SyncResult.of(run)


def _execute(
    page: Page, run: SyncRun, lock: SyncLock, on_progress: OnProgress, stopping: threading.Event
) -> None:
    if not page.access_token:
        raise AccessTokenError(page.connection[1])

    def look() -> None:
        if stopping.is_set():
            raise SyncStopped

    def report() -> None:
        look()
        on_progress(SyncProgress.of(run))

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise SyncStopped

    run.status = Status.FETCHING
    runs.save(run)
    report()
    with ExitStack() as stack:
        stack.enter_context(sync_pace())
        fetcher = Fetcher()
        clients = {
            platform: stack.enter_context(_client(page, platform, fetcher)) for platform in _platforms(page)
        }
        stack.callback(fetcher.stop)

        def count_requests() -> int:
            return sum(client.requests for client in clients.values())

        store = Store(page, run, lock, report=report, sleep=sleep, count_requests=count_requests)
        walk = PageWalk(page, run, clients, fetcher, store, watching(run, look))
        try:
            walk.walk()
        finally:
            run.requests = count_requests()
            _remember(page)
        _close(page, run, walk, store)


def _platforms(page: Page) -> list[str]:
    """Instagram is asked only where there is an account."""
    return [Platform.MESSENGER.value, *([Platform.INSTAGRAM.value] if page.instagram_account_id else [])]


@contextmanager
def _client(page: Page, platform: str, fetcher: Fetcher) -> Iterator[GraphClient]:
    with open_client(
        page.facebook_page_id,
        page.access_token,
        platform=platform,
        learnt=page.learnt.setdefault(platform, {}),
        on_wait=lambda error, seconds: fetcher.put(Pause(error, seconds)),
        on_note=lambda words: fetcher.put(Note(words)),
        on_start=lambda: fetcher.started(platform),
        sleep=fetcher.sleep,
        reading=one_reads,
    ) as client:
        yield client


def _remember(page: Page) -> None:
    """What this run learnt of the Page, however it ends; a database that is away hides not why."""
    with suppress(DatabaseError), transaction.atomic():
        # Beside what a check of the Page learnt meanwhile.
        now = Page.objects.select_for_update().get(pk=page.pk).learnt
        page.learnt = now | {platform: page.learnt[platform] for platform in _platforms(page)}
        page.save(update_fields=["learnt"])


def _close(page: Page, run: SyncRun, walk: PageWalk, store: Store) -> None:
    """The watermarks of what was walked to its end move, and if that is everything, the run ends well."""
    failure = _failure(run, walk.failures)

    def close() -> None:
        page.watermarks |= {platform: head.isoformat() for platform, head in walk.heads.items()}
        page.save(update_fields=["watermarks"])
        if failure is None:
            _complete(page, run)
        else:
            runs.save(run)

    store.commit(close)
    if failure is not None:
        raise failure


def _complete(page: Page, run: SyncRun) -> None:
    page.last_synced_at = timezone.now()
    page.state, page.state_reason = Page.State.CONNECTED, ""  # Facebook has just accepted the token
    if run.mode == SyncRun.Mode.FULL:
        page.audited_at = page.last_synced_at
    page.save(update_fields=["last_synced_at", "audited_at", "state", "state_reason"])
    run.resume = {}
    run.total = run.synced + run.skipped + run.owed
    runs.finish(run, Status.COMPLETE_WITH_ERRORS if run.owed else Status.COMPLETE)


def _failure(run: SyncRun, failures: dict[str, GraphError]) -> GraphError | None:
    """What ends the run as an error, first of all what a person must mend.

    A platform that this Page does not have is only a note.
    """
    missing = {
        platform: error
        for platform, error in failures.items()
        if isinstance(error, PlatformError) and platform != Platform.MESSENGER
    }
    run.notes += [error.words for error in missing.values()]
    errors = [error for platform, error in failures.items() if platform not in missing]
    return min(errors, key=lambda error: not isinstance(error, AccessTokenError), default=None)


def _interrupt(run: SyncRun) -> None:
    connection.close()  # it may have been in the middle of a statement
    _stop(run, Status.INTERRUPTED, "It was stopped. The next sync goes on from there.")


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
        runs.give_up(run, status, error, blame=blame)
