"""Writes the threads that Facebook lists, each answer in one transaction with the run's new state."""

import logging
from collections.abc import Callable, Sequence
from functools import partial

from django.db import DataError, IntegrityError, OperationalError, transaction
from django.utils import timezone

from conversations.graph import records
from conversations.lib.locks import SyncLock
from conversations.lib.private import describe_shortly
from conversations.models import Page, SyncRun, Thread, constraints
from conversations.sync import run_lifecycle
from conversations.sync.load import batch_loader
from conversations.sync.load.audits import choose_audits
from conversations.sync.load.backfill_state import Backfills, BackfillState
from conversations.sync.load.batch_loader import ThreadResult
from conversations.sync.load.business_watch import BusinessWatch
from conversations.sync.load.corrections import correct_people
from conversations.sync.load.history_writer import HistoryWriter
from conversations.sync.load.imported.settling import settle_run
from conversations.sync.load.suppression import SuppressionList
from conversations.sync.load.thread_history import save_backfills
from conversations.sync.load.transform import ThreadRows, batch_to_rows, to_rows
from conversations.sync.stored_state import BackfillPoint
from conversations.sync.transaction import RunTransaction, is_value_error

logger = logging.getLogger(__name__)

GAP_BEGIN = "Messages are missing in Instagram threads"
GAP_NOTE = GAP_BEGIN + ", {}: more than 20 were written since the last sync, and no webhook brought them."


class BatchWriter:
    """Writes for one run.

    `changes` counts the threads that were inserted or updated. `history` writes the messages of single
    threads. `report()` is called after each commit.
    """

    def __init__(
        self,
        page: Page,
        run: SyncRun,
        lock: SyncLock,
        *,
        report: Callable[[], None],
        sleep: Callable[[float], None],
        count_requests: Callable[[], int],
    ):
        self._page, self._run, self._report = page, run, report
        self._suppressed = SuppressionList(page)
        self._business = BusinessWatch(page, run, self._suppressed)
        self.transaction = RunTransaction(
            page,
            run,
            lock,
            lock_page=self._suppressed.lock_and_load,
            sleep=sleep,
            count_requests=count_requests,
        )
        self.counters = self.transaction.counters
        self.backfills = Backfills()
        self.history = HistoryWriter(page, run, self.transaction, self._suppressed, self.backfills, report)
        self.changes = 0
        self._is_full = run.mode == SyncRun.Mode.FULL
        self._done_before = page.done_before()
        self._missing_keys = constraints.missing_keys()
        if self._missing_keys:
            logger.warning("[page %s] %s", page.pk, constraints.missing_keys_note(self._missing_keys))
            run.notes.append(constraints.missing_keys_note(self._missing_keys))
        self._with_gap: set[str] = set()  # threads of Instagram
        self._unstorable: set[int] = set()  # hashes of thread IDs that PostgreSQL cannot store

    def save_threads(
        self,
        batch: list[records.Conversation],
        platform: str,
        rows: Sequence[ThreadRows] = (),
        *,
        has_spare_calls: bool = False,
    ) -> list[BackfillState]:
        """Store the threads of one answer. Return the backfills of those that need older messages.

        `rows` is the result of `batch_to_rows()`, if the caller has it. The rows are modified; a repeated
        transaction makes new ones. `has_spare_calls`: the answer is the whole list of an incremental run.
        """
        ready = [list(rows)] if rows else []

        def save(*, tolerant: bool = False) -> tuple[list[ThreadResult], list[BackfillState]]:
            self._business.begin()
            new = ready.pop() if ready else batch_to_rows(batch, self._page, platform)
            shape = partial(batch_to_rows, batch, self._page, platform)
            new = self._business.find(new, shape, is_whole=has_spare_calls)
            known = self._with_known_senders(new, batch, platform)
            write = self._save_tolerant if tolerant else self._save_strict
            outcomes, backfills = self._save_batch(known, write, has_spare_calls=has_spare_calls)
            return outcomes, [backfill for backfill in backfills if backfill.thread.platform == platform]

        try:
            outcomes, backfills = self.transaction.commit(save)
        except (DataError, IntegrityError, OperationalError) as error:
            if not (is_value_error(error) or isinstance(error, IntegrityError)):
                raise
            outcomes, backfills = self.transaction.commit(lambda: save(tolerant=True))
        self._business.commit()
        self.changes += sum(outcome.result in ("inserted", "updated") for outcome in outcomes)
        self.backfills.add(backfills)
        self._report()
        return backfills

    def _save_batch(
        self,
        rows: list[ThreadRows],
        save: Callable[[list[ThreadRows]], list[ThreadResult]],
        *,
        has_spare_calls: bool,
    ) -> tuple[list[ThreadResult], list[BackfillState]]:
        outcomes = save(self._suppressed.filter_rows(rows))
        choose_audits(outcomes, is_full=self._is_full, has_spare_calls=has_spare_calls)
        for outcome in outcomes:
            self.counters.count(outcome.thread.pk, outcome.result)
            if outcome.needs_history:
                self.counters.count(outcome.thread.pk, "owed")  # until its older messages are read
            self._run.events_created += outcome.events_created
            self._business.note_joined(outcome.joined)
            if outcome.lost_before:
                self._note_gap(outcome.thread)
        backfills = [
            BackfillState.start(outcome)
            for outcome in outcomes
            if (outcome.needs_history or outcome.needs_audit) and not self.backfills.has(outcome)
        ]
        backfills += self._read_again(self._business.moved)
        save_backfills(
            [(backfill.thread, backfill.point(backfill.requested.after)) for backfill in backfills]
        )
        self.transaction.save_run()
        return outcomes, backfills

    def _note_gap(self, thread: Thread) -> None:
        """Say in the run how many threads have lost messages, in one note."""
        self._with_gap.add(thread.graph_id)
        self._run.notes[:] = [note for note in self._run.notes if not note.startswith(GAP_BEGIN)]
        self._run.notes.append(GAP_NOTE.format(len(self._with_gap)))

    def _read_again(self, threads: list[Thread]) -> list[BackfillState]:
        """Return backfills of whole threads, which this answer has moved to other conversations."""
        for thread in threads:
            self.counters.count(thread.pk, "owed")
        return [BackfillState(thread, BackfillPoint(None), "updated") for thread in threads]

    def _with_known_senders(
        self, rows: list[ThreadRows], batch: list[records.Conversation], platform: str
    ) -> list[ThreadRows]:
        """Add the customers that Facebook no longer names but that the Thread table knows."""
        if all(row.conversation for row in rows):
            return rows
        known = self._page.threads.filter(graph_id__in=[row.thread.graph_id for row in rows])
        known = known.exclude(conversation__sender_id__in=self._page.business_ids)
        senders = dict(known.values_list("graph_id", "conversation__sender_id"))
        senders |= {row.thread.graph_id: row.sender_id for row in rows if row.conversation}
        now = timezone.now()
        return [
            row
            if row.conversation
            else to_rows(
                record, self._page, platform, now=now, sender_id=senders.get(row.thread.graph_id) or ""
            )
            for row, record in zip(rows, batch, strict=True)
        ]

    def _save_strict(self, rows: list[ThreadRows]) -> list[ThreadResult]:
        """Save the batch without savepoints, each of which costs two round trips.

        A value that PostgreSQL rejects aborts the transaction.
        """
        return self._load(rows, tolerant=False)

    def _load(self, rows: list[ThreadRows], *, tolerant: bool = True) -> list[ThreadResult]:
        return batch_loader.save_batch(
            self._page,
            rows,
            is_keyed=not self._missing_keys,
            tolerant=tolerant,
            done_before=self._done_before,
        )

    def _save_tolerant(self, rows: list[ThreadRows]) -> list[ThreadResult]:
        """Save the batch. If PostgreSQL rejects a value, save the threads one by one, without that record."""
        try:
            with transaction.atomic():
                return self._load(rows)
        except (DataError, OperationalError) as error:
            if not is_value_error(error):
                raise
            if len(rows) == 1:
                return self._save_rejected(rows[0], error)
        return [outcome for row in rows for outcome in self._save_tolerant([row])]

    def _save_rejected(self, row: ThreadRows, error: Exception) -> list[ThreadResult]:
        """Save only that the thread exists, as unreadable. If even that fails, count it as skipped, once."""
        reason = f"PostgreSQL cannot store it: {describe_shortly(error)}"
        logger.warning("[page %s] thread %.100s skipped: %s", self._page.pk, row.thread.graph_id, error)
        row.thread.state, row.thread.reason, row.thread.record = Thread.State.UNREADABLE, reason, None
        row.thread.unreadable_count = len(row.events)
        row.conversation, row.events = None, []
        try:
            with transaction.atomic():
                return self._load([row])
        except (DataError, OperationalError):
            key = hash(row.thread.graph_id)
            if key not in self._unstorable:
                self._unstorable.add(key)
                self.skip(1, f"Thread {row.thread.graph_id[:100]}… was skipped: {reason}")
            return []

    def skip(self, count: int, note: str) -> None:
        """Count items as skipped that have no row in the Thread table, and add a note to the run."""
        self._run.skipped += count
        self._run.notes.append(note)

    def find_business(self, *, is_whole: bool) -> list[Thread]:
        """Decide at the end of the lists what was unclear. Return the threads that moved, to read again.

        `is_whole`: all lists were read to their ends.
        """

        def save() -> list[Thread]:
            self._business.begin()
            self._business.find_at_the_end(is_whole=is_whole)
            for thread in self._business.moved:
                self.counters.count(thread.pk, "owed")
            self.transaction.save_run()
            return self._business.moved

        moved = self.transaction.commit(save)
        self._business.commit()
        return moved

    def correct_people(self) -> None:
        """Correct at the end of a run what earlier runs stored for the wrong person."""
        correct_people(self._page, self._run, self.transaction, self._business, self._suppressed)
        if self._page.has_imports:
            settle_run(self._page, self._run, self.transaction)

    def leave_pending(self, note: str) -> None:
        """Count something as pending that has no row in the Thread table, and add a note to the run."""
        logger.warning("[page %s] %s", self._page.pk, note)
        self._run.owed += 1
        self._run.notes.append(note)

    def count_pending(self, thread_ids: list[int]) -> None:
        """Count threads that stay pending because this run did not request them."""
        if not thread_ids:
            return

        def save() -> None:
            for thread_id in thread_ids:
                self.counters.count(thread_id, "owed")
            self.transaction.save_run()

        self.transaction.commit(save)

    def pause(self, status: str, reason: str, seconds: float) -> None:
        """Save that the run waits for Facebook."""
        self.transaction.commit(lambda: run_lifecycle.pause(self._run, status, reason, seconds))
        self._report()
