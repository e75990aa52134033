"""Handles the answers for single threads: pending ones from earlier runs, and older messages of long ones."""

from functools import partial

from django.db.models import Q
from msgspec.structs import replace

from conversations.graph.errors import GraphError, Recovery
from conversations.graph.records import Conversation, MessageBatch
from conversations.models import Platform, SyncRun, Thread
from conversations.sync.crawl.backfill import (
    MAX_UNANSWERED,
    HistoryCall,
    PendingThreadCall,
    PendingThreads,
)
from conversations.sync.crawl.context import CrawlContext
from conversations.sync.crawl.refused_threads import Refusal, RefusalCheck, RefusalChecks, is_unconfirmed
from conversations.sync.crawl.worker_pool import Call
from conversations.sync.load.backfill_state import BackfillState
from conversations.sync.stored_state import read_backfill_point

MAX_PENDING = 200  # pending threads in memory at once


class ThreadHandler:
    """Threads of one crawl that are requested one by one. Called by the writer's thread."""

    def __init__(self, context: CrawlContext):
        self._context = context
        self.pending = {platform: PendingThreads() for platform in context.platforms}
        page_id = context.page.facebook_page_id
        self.refusals = {platform: RefusalChecks(page_id, platform) for platform in context.platforms}
        self._last_pending = dict.fromkeys(context.platforms, 0)  # primary keys
        self._is_requested = Q(state=Thread.State.OWED)
        if context.run.mode == SyncRun.Mode.FULL:  # those with a record are shown by the list
            self._is_requested |= Q(state=Thread.State.UNREADABLE, record__isnull=True)

    def load_pending(self, platform: str) -> bool:
        """Load the next threads that earlier runs left pending. Return whether there were any.

        A full run also asks once for each thread that Facebook did not show: it may have been an outage.
        """
        source = self.pending[platform]
        if platform in self._context.failures or source.unanswered >= MAX_UNANSWERED:
            return False
        threads = self._next_pending(platform)
        if not threads:
            return False
        self._last_pending[platform] = threads[-1].pk
        writer, pool = self._context.writer, self._context.pool
        unseen = [thread for thread in threads if not writer.counters.has(thread.pk)]
        backfills, others = _split_begun(unseen)
        writer.backfills.add(backfills)
        self._context.add_backfills(platform, backfills)
        pool.update(lambda: source.waiting.extend(others))
        return True

    def read_again(self, threads: list[Thread]) -> None:
        """Request these threads as a whole, whatever is stored of them."""
        for platform, source in self.pending.items():
            due = [thread for thread in threads if thread.platform == platform]
            if due and platform not in self._context.failures:
                self._context.pool.update(partial(source.waiting.extend, due))

    def _next_pending(self, platform: str) -> list[Thread]:
        pending = self._context.page.threads.filter(
            self._is_requested, platform=platform, pk__gt=self._last_pending[platform]
        )

        def read() -> list[Thread]:
            # Mostly there are none, which is asked after each list: without all columns of two tables.
            if not pending.exists():
                return []
            return list(pending.select_related("conversation").order_by("pk")[:MAX_PENDING])

        return self._context.writer.transaction.read(read)

    def handle_pending(self, call: PendingThreadCall) -> None:
        """Store a pending thread, or note why it could not be read."""
        if isinstance(call.value, Conversation):
            platform = call.thread.platform
            backfills = self._context.writer.save_threads([call.value], platform)
            self._context.add_backfills(platform, backfills)
        else:
            self._handle_error(Refusal(call.thread, _graph_error(call)))

    def handle_history(self, call: HistoryCall) -> None:
        """Store older messages of a thread, or note why they could not be read."""
        backfill, writer = call.backfill, self._context.writer
        if isinstance(call.value, MessageBatch):
            writer.history.save(backfill, call.value, after=call.after, is_last=call.is_last)
            if call.endless:
                writer.history.abandon(backfill, call.endless)
        elif call.is_last:
            error = _graph_error(call)
            if call.after and backfill.has_window and error.recovery is Recovery.SKIP_MESSAGE:
                writer.history.save(backfill, MessageBatch(), after=call.after, is_last=True, is_cut=True)
            else:
                self._handle_error(Refusal(backfill.thread, error, backfill))

    def handle_refusals(self, call: RefusalCheck) -> None:
        """Give up the platform if its list is refused too. Otherwise only these threads stay pending."""
        error = _graph_error(call) if call.error else None
        if error and (error.stops or is_unconfirmed(error)):
            self._context.fail(call.refusals[0].thread.platform, error)
            return
        for refusal in call.refusals:
            self._mark_failed(refusal, refusal.thread_error)

    def _handle_error(self, failed: Refusal) -> None:
        platform = failed.thread.platform
        if is_unconfirmed(failed.error):
            self._context.pool.update(lambda: self.refusals[platform].waiting.append(failed))
        elif failed.error.stops:
            self._context.fail(platform, failed.error)
        else:
            self._mark_failed(failed, failed.error)

    def _mark_failed(self, failed: Refusal, error: GraphError) -> None:
        history = self._context.writer.history
        if failed.backfill is None:
            history.mark_failed(failed.thread, error)
        else:
            history.abandon(failed.backfill, error)

    def count_never_requested(self) -> None:
        """Count the threads that stay pending because this run did not request them."""
        writer = self._context.writer
        pending = self._context.page.threads.filter(state=Thread.State.OWED).values_list("pk", flat=True)
        thread_ids = writer.transaction.read(lambda: list(pending.all()))
        writer.count_pending([pk for pk in thread_ids if not writer.counters.has(pk)])


def _split_begun(threads: list[Thread]) -> tuple[list[BackfillState], list[Thread]]:
    """Return the backfills that an earlier run began, and the threads that are requested as a whole.

    A thread of Instagram is read from its newest message again: Facebook shows so many of the newest (see
    INSTAGRAM_WINDOW), and where a cursor of an earlier run leads is not known well enough to count them.
    """
    backfills, others = [], []
    for thread in threads:
        point = read_backfill_point(thread.backfill) if thread.conversation else None
        if point is None:
            others.append(thread)
        else:
            is_instagram = thread.platform == Platform.INSTAGRAM
            backfills.append(BackfillState(thread, replace(point, after=None) if is_instagram else point))
    return backfills, others


def _graph_error(call: Call) -> GraphError:
    """The Graph error of a call. Raises anything else, which is a bug of ours."""
    if not isinstance(call.error, GraphError):
        raise call.error or TypeError(f"Graph's answer is a {type(call.value).__name__}.")
    return call.error
