"""Writes the older messages of single threads, and why a thread could not be read."""

import logging
from collections.abc import Callable

from django.utils import timezone
from msgspec.structs import replace

from conversations.graph import records
from conversations.graph.errors import GraphError, is_unreadable
from conversations.graph.fields import INSTAGRAM_WINDOW
from conversations.lib.notify import notify_conversations
from conversations.lib.text import clean
from conversations.models import Page, SyncRun, Thread
from conversations.sync.load.backfill_state import Backfills, BackfillState, StoredMessages
from conversations.sync.load.separation import mixed_ids
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.load.thread_history import (
    finish_backfill,
    save_backfills,
    save_messages,
    show_newest_message,
    stop_backfill,
)
from conversations.sync.load.transform import newest_of, newest_until, oldest_of, split_untimed, to_events
from conversations.sync.transaction import RunTransaction

logger = logging.getLogger(__name__)

MAX_UNTIMED = 1000  # messages without a time for which the next older one is looked for


class HistoryWriter:
    """Writes for the threads of one run that are read one by one. Reports progress after each commit."""

    def __init__(
        self,
        page: Page,
        run: SyncRun,
        transaction: RunTransaction,
        suppressed: SuppressionList,
        backfills: Backfills,
        report: Callable[[], None],
    ):
        self._page, self._run, self._transaction = page, run, transaction
        self._suppressed, self._backfills, self._report = suppressed, backfills, report

    def save(
        self,
        backfill: BackfillState,
        batch: records.MessageBatch,
        *,
        after: str | None,
        is_last: bool,
        is_cut: bool = False,
    ) -> None:
        """Store one answer of a thread's messages, requested at the cursor `after` (None: the newest).

        `is_last`: no older messages are needed. `is_cut`: Facebook does not show the older ones.
        """
        before = backfill.stored if after else replace(backfill.stored, count=0)

        def save() -> None:
            backfill.stored = before
            if self._skip_suppressed(backfill.thread):
                backfill.is_superseded = True
                return self._transaction.save_run()
            self._save_messages(backfill, batch, is_newest=after is None)
            if is_last and not backfill.is_superseded:
                self._finish(backfill, batch, is_cut=is_cut)
            elif not backfill.is_superseded:
                save_backfills([(backfill.thread, backfill.point(batch.after))])
            return self._transaction.save_run()

        self._transaction.commit(save)
        if is_last:
            self._backfills.remove(backfill)
        self._report()

    def _save_messages(
        self, backfill: BackfillState, batch: records.MessageBatch, *, is_newest: bool
    ) -> None:
        thread, before = backfill.thread, backfill.stored
        events = to_events(batch, self._page, thread_time=thread.updated_time)
        unreadable = batch.unreadable + len(batch.messages) - len(events)
        known = StoredMessages() if is_newest else before
        created = save_messages(
            thread,
            events,
            unreadable,
            newer_id=known.oldest_id,
            untimed=known.untimed,
            mixed=mixed_ids(self._page),
            is_first=is_newest and thread.history == Thread.History.COMPLETE,  # an audit
            has_imports=self._page.has_imports,
        )
        self._run.events_created += created
        if created and thread.conversation_id:
            notify_conversations(self._page.pk, [thread.conversation_id])
        newest = newest_of(events)
        if newest and newest.has_time and is_newest:
            show_newest_message(thread, newest)
        untimed, oldest_id = split_untimed(events)
        backfill.stored = StoredMessages(
            before.newest or newest_until(timezone.now(), events),
            oldest_of(events) or before.oldest,
            before.count + len(batch.messages) + batch.unreadable,
            oldest_id or known.oldest_id,
            untimed if oldest_id else (*untimed, *known.untimed)[:MAX_UNTIMED],
        )

    def _finish(self, backfill: BackfillState, batch: records.MessageBatch, *, is_cut: bool) -> None:
        is_full = (
            batch.after is not None and backfill.requested.count >= INSTAGRAM_WINDOW and backfill.has_window
        )
        finish_backfill(backfill.thread, backfill.stored.newest, truncated=is_cut or is_full)
        self._transaction.counters.count(backfill.thread.pk, backfill.result)

    def abandon(self, backfill: BackfillState, error: GraphError) -> None:
        """End a backfill that failed. The thread is marked, unless another backfill has replaced this one."""
        self._backfills.remove(backfill)
        if not backfill.is_superseded:
            self.mark_failed(backfill.thread, error)

    def mark_failed(self, thread: Thread, error: GraphError) -> None:
        """Store why a thread was not read: as unreadable, or as pending if the next run can try again."""
        is_final = is_unreadable(error)
        logger.warning("[page %s] thread %.100s: %s", self._page.pk, thread.graph_id, error)

        def save() -> None:
            if not self._skip_suppressed(thread):
                state = Thread.State.UNREADABLE if is_final else Thread.State.OWED
                if not (is_final and thread.state == state):  # a trace in the reason differs in every answer
                    stop_backfill(thread, state, clean(str(error)))
                self._transaction.counters.count(thread.pk, "skipped" if is_final else "owed")
            self._transaction.save_run()

        self._transaction.commit(save)
        self._report()

    def _skip_suppressed(self, thread: Thread) -> bool:
        """Count a thread of a deleted person as skipped. Return whether it is one."""
        if is_suppressed := self._suppressed.suppresses(thread):
            self._transaction.counters.count(thread.pk, "skipped")
        return is_suppressed
