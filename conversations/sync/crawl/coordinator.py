"""Crawls one Page: decides what is read in which order, and passes the answers to their handlers.

First come the threads that earlier runs left pending, then the inbox of each platform, newest first, and in a
full run the other folders. Afterwards the heads of these lists are read again (see `head_reads`). The
watermark of a platform is the newest time at the top of its inbox in the last of these reads.
"""

import logging
import math
from collections.abc import Callable
from datetime import datetime
from functools import partial

from conversations.graph.client import GraphClient
from conversations.graph.errors import GraphError, RateLimitError
from conversations.models import Page, SyncRun
from conversations.sync import run_lifecycle
from conversations.sync.crawl.backfill import HistoryCall, PendingThreadCall
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.folders import FolderCheck
from conversations.sync.crawl.head_reads import HeadReads
from conversations.sync.crawl.list_calls import ListCall, ProbeCall
from conversations.sync.crawl.list_handler import ListHandler
from conversations.sync.crawl.list_state import ListState
from conversations.sync.crawl.refused_threads import RefusalCheck
from conversations.sync.crawl.thread_handler import ThreadHandler
from conversations.sync.crawl.worker_pool import Backoff, Item, Notice, WorkerPool
from conversations.sync.load.writer import BatchWriter

logger = logging.getLogger(__name__)

MAX_HEAD_READS = 5  # what moves after that is newer than the watermark: the next run reads it
SPARE_THREADS = 2  # more than calls must be in progress
CHECK_STOP_SECONDS = 0.2  # how often to check whether the run must stop, while no answers arrive


class PageCrawl:
    """Reads everything that Facebook shows of a Page.

    After `run()`, `heads` holds by platform the time up to which everything is stored, and `failures` by
    platform why it could not be read to its end. `check_stop()` is called regularly while no answers arrive.
    """

    def __init__(
        self,
        page: Page,
        run: SyncRun,
        clients: dict[str, GraphClient],
        pool: WorkerPool,
        writer: BatchWriter,
        check_stop: Callable[[], None],
    ):
        known = {platform: client.capabilities for platform, client in clients.items()}
        context = CrawlContext(page, run, pool, writer, known, run_lifecycle.follows_complete_run(run))
        self._context, self._check_stop = context, check_stop
        self.heads: dict[str, datetime] = {}
        self._folders = FolderCheck(context)
        self._head_reads = HeadReads(context, self._folders)
        self._lists = ListHandler(context, self._folders, self._head_reads)
        self._threads = ThreadHandler(context)
        for platform, client in clients.items():
            pool.start(platform, client, partial(_threads_for, client))
            pool.add(platform, self._threads.refusals[platform])
            pool.add(platform, self._threads.pending[platform])
            pool.add(platform, context.histories[platform])

    @property
    def failures(self) -> dict[str, GraphError]:
        return self._context.failures

    def run(self) -> None:
        """Read down to the watermarks, or everything in a full run. Raises what stops all platforms."""
        platforms = self._context.platforms
        for platform in platforms:
            self._threads.load_pending(platform)
        inboxes: list[tuple[str, str | None]] = [(platform, None) for platform in platforms]
        if self._context.run.checkpoint:
            self._read(inboxes)
            self._read(self._folders.names())
        else:  # side by side: until the inbox answers there is nothing else to request
            self._read([*inboxes, *self._folders.names()])
        self._handle_lists(self._lists.start_rests())
        self._lists.finish_all()
        self._find_business()
        self._threads.count_never_requested()

    def _find_business(self) -> None:
        """Decide who is the business where single answers did not tell, and read what was stored wrongly."""
        if self._context.run.mode == SyncRun.Mode.FULL:
            is_whole = not (self.failures or self._context.page.unfinished_lists)
            self._threads.read_again(self._context.writer.find_business(is_whole=is_whole))
            self._handle_all()

    def _handle_lists(self, states: list[ListState]) -> None:
        self._handle_all()
        for state in states:
            self._lists.finish(state)

    def _read(self, names: list[tuple[str, str | None]]) -> None:
        states = [self._lists.start(platform, folder) for platform, folder in names]
        self._handle_lists(states)
        for _ in range(MAX_HEAD_READS):
            if not self._read_heads(states):
                break
        for state in states:
            is_complete = state.platform not in self.failures and not state.is_head_unfinished
            if state.folder is None and state.checkpoint.head and is_complete:
                self.heads[state.platform] = state.checkpoint.head

    def _read_heads(self, states: list[ListState]) -> bool:
        """Read the heads of lists that have moved. Return whether there were any."""
        moved = [state for state in states if self._head_reads.start(state)]
        if not moved:
            return False
        self._handle_all()
        for state in moved:
            self._head_reads.finish(state)
        return True

    def _handle_all(self) -> None:
        """Handle answers until nothing is left to request."""
        has_more = True
        while has_more:
            try:
                item = self._context.pool.next(CHECK_STOP_SECONDS)
            except TimeoutError:
                self._check_stop()
            else:
                has_more = self._handle(item)

    def _handle(self, item: Item | None) -> bool:
        """Handle one item, load more pending threads, and return whether more items may follow."""
        match item:
            case Backoff():
                self._pause(item)
            case Notice():
                self._context.add_note(item.text)
            case ListCall() | ProbeCall():
                self._lists.handle(item)
            case HistoryCall():
                self._threads.handle_history(item)
            case PendingThreadCall():
                self._threads.handle_pending(item)
            case RefusalCheck():
                self._threads.handle_refusals(item)
        more = [item] if item else [self._threads.load_pending(each) for each in self._context.platforms]
        return any(more)

    def _pause(self, backoff: Backoff) -> None:
        is_throttled = isinstance(backoff.error, RateLimitError)
        status = SyncRun.Status.WAITING if is_throttled else SyncRun.Status.RETRYING
        logger.info(
            "[page %s] %s Trying again in %.0f s.", self._context.page.pk, backoff.error, backoff.seconds
        )
        self._context.writer.pause(status, str(backoff.error), backoff.seconds)


def _threads_for(client: GraphClient) -> int:
    """How many threads keep the permitted pace: more if answers are large and take long."""
    return math.ceil(client.pace(is_large=True).parallel_calls) + SPARE_THREADS
