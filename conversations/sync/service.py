"""Runs a sync: `sync_conversations()` stores what Facebook shows of one Page."""

import logging
import threading
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from conversations.connections.client import open_client
from conversations.connections.page_state import record_refusal
from conversations.graph.capabilities import Capabilities
from conversations.graph.client import GraphClient
from conversations.graph.errors import ActionRequiredError, GraphError, PlatformError
from conversations.graph.options import Hooks
from conversations.lib.locks import SyncLock, sync_lock
from conversations.lib.log_ids import log_ids
from conversations.lib.private import describe_shortly
from conversations.models import Page, Platform, SyncRun
from conversations.models.run_counters import RunCounters, stored_values
from conversations.sync import run_lifecycle
from conversations.sync.cancellation import interrupt_in, with_cancellation
from conversations.sync.crawl.coordinator import PageCrawl
from conversations.sync.crawl.worker_pool import Backoff, Notice, WorkerPool
from conversations.sync.gil import parse_lock, tuned_gil
from conversations.sync.load.writer import BatchWriter
from conversations.sync.progress import OnProgress, SyncProgress

logger = logging.getLogger(__name__)

Status = SyncRun.Status
READ_FIELDS = ("watermarks", "unfinished_lists")  # of the Page: how far its lists are read


class SyncAlreadyRunning(Exception):
    """The Page is being synced. `run` is the active run; None if it has not started yet."""

    def __init__(self, page: Page):
        self.run = page.runs.active().exclude(status=Status.QUEUED).order_by("-pk").first()
        which = f" as run {self.run.pk}" if self.run else ""
        super().__init__(f"{page} is already being synced{which}.")


class SyncStopped(KeyboardInterrupt):
    """A signal handler raises it in the syncing thread: the run ends as interrupted."""


class StopSignal:
    """Raises SyncStopped in the syncing thread once another thread has asked the run to stop."""

    def __init__(self, stopping: threading.Event):
        self._stopping = stopping

    def check(self) -> None:
        if self._stopping.is_set():
            raise SyncStopped

    def sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise SyncStopped


@dataclass(frozen=True, kw_only=True)
class SyncResult(RunCounters):
    """The result of a run. `duration` is in seconds."""

    page: str
    run: int
    status: str
    mode: str
    duration: float
    error: str

    @classmethod
    def from_run(cls, run: SyncRun) -> "SyncResult":
        return cls(
            page=run.page.facebook_page_id,
            run=run.pk,
            status=str(run.status),
            mode=str(run.mode),
            duration=run.duration,
            error=run.error,
            **stored_values(run),
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
    """Store every conversation and message that Facebook shows of the Page.

    The first run of a Page reads everything, like `full`; later ones what has changed. `on_progress` is
    called after each commit. The run ends as interrupted soon after `stopping` is set, and immediately on
    SyncStopped. `queued` is the ID of the queued run to start.

    Raises SyncAlreadyRunning, and `run_lifecycle.NotQueued` if that run is no longer queued. Later errors are
    not raised: they are in the run and in the result.
    """
    with sync_lock(page.pk) as lock:
        if not lock.is_acquired:
            raise SyncAlreadyRunning(page)
        run = run_lifecycle.open_run(page, full=full, trigger=trigger, queued=queued)
        with log_ids(run=run.pk):
            _execute_or_end(page, run, lock, on_progress, stopping or threading.Event())
            with suppress(KeyboardInterrupt):  # the run has ended: nothing is left to interrupt
                on_progress(SyncProgress.from_run(run))
        return SyncResult.from_run(run)


def _execute_or_end(
    page: Page, run: SyncRun, lock: SyncLock, on_progress: OnProgress, stopping: threading.Event
) -> None:
    """Execute the run. An error ends it, and is not raised."""
    try:
        _execute(page, run, lock, on_progress, stopping)
    except ActionRequiredError as error:
        record_refusal(page, error)
        _end(run, Status.ERROR, error.full_text, fault=SyncRun.Fault.OWNER)
    except GraphError as error:
        logger.error("[page %s] run %s failed: %s", page.pk, run.pk, error)
        _end(run, Status.ERROR, error.full_text, fault=SyncRun.Fault.FACEBOOK)
    except KeyboardInterrupt:
        _interrupt(run)
    except run_lifecycle.LockLost:
        run.refresh_from_db()
        if run.status != Status.CANCELLED:  # the process that holds the lock closes the row
            run.status, run.error = Status.INTERRUPTED, "Another process continues this sync."
    except Exception as error:
        _interrupt(run) if interrupt_in(error) else _internal_error(run, error)


def _execute(
    page: Page, run: SyncRun, lock: SyncLock, on_progress: OnProgress, stopping: threading.Event
) -> None:
    if not page.access_token:
        raise ActionRequiredError(page.connection[1])

    stop = StopSignal(stopping)

    def report() -> None:
        stop.check()
        on_progress(SyncProgress.from_run(run))

    run.status = Status.FETCHING
    run_lifecycle.save(run)
    report()
    with ExitStack() as stack:
        stack.enter_context(tuned_gil())
        pool = WorkerPool()
        clients = {
            platform: stack.enter_context(_open_client(page, platform, pool)) for platform in _platforms(page)
        }
        stack.callback(pool.stop)

        def count_requests() -> int:
            return sum(client.request_count for client in clients.values())

        writer = BatchWriter(page, run, lock, report=report, sleep=stop.sleep, count_requests=count_requests)
        crawl = PageCrawl(page, run, clients, pool, writer, with_cancellation(run, stop.check))
        try:
            crawl.run()
        finally:
            run.requests = count_requests()
            _save_capabilities(page, clients)
        _finish(page, run, crawl, writer)


def _platforms(page: Page) -> list[str]:
    """Return the platforms of the Page. Instagram only if it has an account."""
    return [Platform.MESSENGER.value, *([Platform.INSTAGRAM.value] if page.instagram_account_id else [])]


class _PoolHooks(Hooks):
    """Reports the pauses and notes of a client to the writer, and ends its pauses with the pool."""

    def __init__(self, pool: WorkerPool, platform: str):
        self._pool, self._platform = pool, platform

    def on_wait(self, error: GraphError, seconds: float) -> None:
        self._pool.put(Backoff(error, seconds))

    def on_note(self, text: str) -> None:
        self._pool.put(Notice(text))

    def on_start(self) -> None:
        self._pool.started(self._platform)

    def sleep(self, seconds: float) -> None:
        self._pool.sleep(seconds)

    def parsing(self) -> threading.Lock:
        return parse_lock


def _open_client(page: Page, platform: str, pool: WorkerPool) -> AbstractContextManager[GraphClient]:
    return open_client(
        page.facebook_page_id,
        page.access_token,
        _PoolHooks(pool, platform),
        platform=platform,
        instagram_account_id=page.instagram_account_id,
        capabilities=Capabilities.from_stored(page.capabilities.get(platform)),
    )


def _save_capabilities(page: Page, clients: dict[str, GraphClient]) -> None:
    """Save what Graph was found to support. Ignore database errors: they would hide why the run failed."""
    with suppress(DatabaseError), transaction.atomic():
        # Keep what diagnostics of the Page have saved in the meantime.
        stored = Page.objects.select_for_update().values_list("capabilities", flat=True)
        saved = stored.get(pk=page.pk)
        page.capabilities = saved | {
            platform: client.capabilities.to_stored(saved.get(platform))
            for platform, client in clients.items()
        }
        page.save(update_fields=["capabilities"])


def _finish(page: Page, run: SyncRun, crawl: PageCrawl, writer: BatchWriter) -> None:
    """Save the watermarks of lists that were read to the end. Complete the run, or raise its failure."""
    failure = _failure(run, crawl.failures)
    if failure is None:
        writer.correct_people()

    def save() -> None:
        page.watermarks |= {platform: head.isoformat() for platform, head in crawl.heads.items()}
        if failure is None:
            _complete(page, run)
        else:
            page.save(update_fields=READ_FIELDS)
            run_lifecycle.save(run)

    writer.transaction.commit(save)
    if failure is not None:
        raise failure


def _complete(page: Page, run: SyncRun) -> None:
    page.last_synced_at = timezone.now()
    page.mark_connected()  # Facebook has just accepted the token
    if run.mode == SyncRun.Mode.FULL:
        page.last_full_sync_at = page.last_synced_at
    page.save(update_fields=[*READ_FIELDS, "last_synced_at", "last_full_sync_at", *Page.STATE_FIELDS])
    run.checkpoint = {}
    run.total = run.accounted
    run_lifecycle.finish(run, Status.COMPLETE_WITH_ERRORS if run.owed else Status.COMPLETE)


def _failure(run: SyncRun, failures: dict[str, GraphError]) -> GraphError | None:
    """Return the error that ends the run, first of all one that needs a person.

    A platform that the Page does not have is not an error but a note.
    """
    missing = {
        platform: error
        for platform, error in failures.items()
        if isinstance(error, PlatformError) and platform != Platform.MESSENGER
    }
    run.notes += [error.full_text for error in missing.values()]
    errors = [error for platform, error in failures.items() if platform not in missing]
    return min(errors, key=lambda error: not isinstance(error, ActionRequiredError), default=None)


def _interrupt(run: SyncRun) -> None:
    # The interrupt may have come in the middle of a statement, or of the beginning or end of a transaction,
    # in which Django would then still believe to be: connect() resets that, close() does not.
    connection.close()
    connection.connect()
    _end(run, Status.INTERRUPTED, "The sync was stopped. The next sync resumes from there.")


def _internal_error(run: SyncRun, error: Exception) -> None:
    """End the run after an error of ours or of the database. Raises if the row cannot be written."""
    logger.error("[page %s] run %s failed", run.page_id, run.pk, exc_info=error)
    if isinstance(error, DatabaseError):
        connection.close()
    _end(run, Status.ERROR, f"Inbox itself failed: {describe_shortly(error)}", fault=SyncRun.Fault.INBOX)


def _end(run: SyncRun, status: str, error: str, *, fault: str = "") -> None:
    """End the run in the state that was last committed.

    The counters in memory may include a batch that was not stored, and a checkpoint after that batch would
    lose it.
    """
    requests = run.requests
    run.refresh_from_db()
    if run.ended_at is None:  # the interrupt may have come just after the end
        run.requests = requests
        run_lifecycle.finish_if_open(run, status, error, fault=fault)
