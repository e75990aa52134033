"""Stores what Graph answered, each answer in one transaction with the run's new state.

A transaction that PostgreSQL gave up (a serialization failure, a deadlock, a lost connection, a restart) is
done again; whether one was committed whose connection broke at its end is read from the run's row.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from conversations.graph import records
from conversations.graph.errors import GoneError, GraphError, TooMuchDataError
from conversations.locks import SyncLock
from conversations.models import Page, Platform, SyncRun, Thread
from conversations.sync import loader, runs, takeover
from conversations.sync.forgotten import Forgotten
from conversations.sync.histories import Reading
from conversations.sync.interrupts import interrupt_in
from conversations.sync.loader import Outcome
from conversations.sync.tally import Tally
from conversations.sync.transform import INSTAGRAM_WINDOW, ThreadRows, newest_until, to_events, to_rows
from conversations.text import clean

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

PAUSES_SECONDS = (0.1, 0.5, 1, 2, 4, 8, 15, 30)  # about a minute: a server that restarts is back by then
# PostgreSQL's codes: serialization failure, deadlock, lock not available, too many connections, shutting
# down, crashed, starting up. Without a code it is the connection itself.
PASSING = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "25006", None}
COUNTERS = (
    "inserted",
    "updated",
    "unchanged",
    "skipped",
    "owed",
    "total",
    "events_created",
    "requests",
    "status",
    "alive_at",
)


class Store:
    """Writes for one run. `changes` counts the threads of which something was written."""

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
        self._page, self._run, self._lock = page, run, lock
        self._report, self._sleep, self._count_requests = report, sleep, count_requests
        is_known = run.mode == SyncRun.Mode.FULL and page.last_synced_at is not None
        known_total = page.threads.count() if is_known else 0
        self.tally = Tally(run, known_total)
        run.total = max(run.total, known_total)
        self.changes = 0
        self._is_audit = run.mode == SyncRun.Mode.FULL
        self._missing_keys = takeover.missing_keys()
        if self._missing_keys:
            logger.warning("[page %s] %s", page.pk, takeover.note(self._missing_keys))
            run.notes.append(takeover.note(self._missing_keys))
        self._readings: dict[int, Reading] = {}  # by thread, while they last
        self._forgotten = Forgotten(page)
        self._unstorable: set[int] = set()  # hashes of ids that not even the ledger can hold

    # -- what a list shows ---------------------------------------------------------------------------------
    def save_threads(
        self, batch: list[records.Conversation], platform: str, rows: Sequence[ThreadRows] = ()
    ) -> list[Reading]:
        """Stores the threads of one answer; returns what is to be read on of them.

        `rows`: the batch in shape already; they are used up, and made again for a transaction that is.
        """
        ready = [list(rows)] if rows else []

        def save(*, carefully: bool = False) -> tuple[list[Outcome], list[Reading]]:
            shaped = ready.pop() if ready else self.shape(batch, platform)
            shaped = self._with_known_senders(shaped, batch, platform)
            return self._save_batch(shaped, self._save_what_fits if carefully else self._save_all)

        try:
            outcomes, readings = self.commit(save)
        except (DataError, IntegrityError, OperationalError) as error:
            if not (loader.is_about_a_value(error) or isinstance(error, IntegrityError)):
                raise
            outcomes, readings = self.commit(lambda: save(carefully=True))
        self.changes += sum(outcome.result in ("inserted", "updated") for outcome in outcomes)
        self.follow(readings)
        self._report()
        return readings

    def follow(self, readings: list[Reading]) -> None:
        """These are being read from now on; earlier readings of the same threads are not."""
        for reading in readings:
            if before := self._readings.get(reading.thread.pk):
                before.is_overtaken = True
            self._readings[reading.thread.pk] = reading

    def _save_batch(
        self, rows: list[ThreadRows], save: Callable[[list[ThreadRows]], list[Outcome]]
    ) -> tuple[list[Outcome], list[Reading]]:
        outcomes = save(self._forgotten.hide(rows))
        for outcome in outcomes:
            self.tally.count(outcome.thread.pk, outcome.result)
            if outcome.needs_history:
                self.tally.count(outcome.thread.pk, "owed")  # until the rest is read
            self._run.events_created += outcome.events_created
        readings = [
            _reading(outcome)
            for outcome in outcomes
            if (outcome.needs_history or outcome.needs_audit) and not self._is_read(outcome)
        ]
        loader.begin_readings([(reading.thread, reading.as_json(reading.after)) for reading in readings])
        self._save_run()
        return outcomes, readings

    def _is_read(self, outcome: Outcome) -> bool:
        """Whether this state of the thread is being read on already: lists show threads more than once."""
        reading = self._readings.get(outcome.thread.pk)
        return reading is not None and reading.thread.updated_time == outcome.thread.updated_time

    def shape(self, batch: list[records.Conversation], platform: str) -> list[ThreadRows]:
        """The rows of one answer. Asks no database: any thread may do it."""
        now = timezone.now()
        return [to_rows(record, self._page, platform, now=now) for record in batch]

    def _with_known_senders(
        self, rows: list[ThreadRows], batch: list[records.Conversation], platform: str
    ) -> list[ThreadRows]:
        """Facebook may no longer name the customer of a thread; the ledger still does."""
        if all(row.conversation for row in rows):
            return rows
        known = self._page.threads.filter(graph_id__in=[row.thread.graph_id for row in rows])
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

    def _save_all(self, rows: list[ThreadRows]) -> list[Outcome]:
        """Without savepoints, each of which is two round trips: what is refused undoes the transaction."""
        return loader.save_batch(
            self._page, rows, is_keyed=not self._missing_keys, is_audit=self._is_audit, carefully=False
        )

    def _save_what_fits(self, rows: list[ThreadRows]) -> list[Outcome]:
        """The whole batch at once; if PostgreSQL refuses a value in it, one by one without that record."""
        try:
            with transaction.atomic():
                return loader.save_batch(
                    self._page, rows, is_keyed=not self._missing_keys, is_audit=self._is_audit
                )
        except (DataError, OperationalError) as error:
            if not loader.is_about_a_value(error):
                raise
            if len(rows) == 1:
                return self._save_refused(rows[0], error)
        return [outcome for row in rows for outcome in self._save_what_fits([row])]

    def _save_refused(self, row: ThreadRows, error: Exception) -> list[Outcome]:
        reason = f"PostgreSQL cannot hold it: {str(error).splitlines()[0]}"
        logger.warning("[page %s] thread %.100s skipped: %s", self._page.pk, row.thread.graph_id, reason)
        row.thread.state, row.thread.reason, row.thread.record = Thread.State.UNREADABLE, reason, None
        row.thread.unreadable_count = len(row.events)
        row.conversation, row.events = None, []
        try:
            with transaction.atomic():
                return loader.save_batch(self._page, [row], is_keyed=not self._missing_keys)
        except (DataError, OperationalError):
            key = hash(row.thread.graph_id)
            if key not in self._unstorable:
                self._unstorable.add(key)
                self.skip(1, f"Thread {row.thread.graph_id[:100]}… was skipped: {reason}")
            return []

    def skip(self, count: int, note: str) -> None:
        """Things that not even the ledger can name."""
        self._run.skipped += count
        self._run.notes.append(note)

    # -- long threads --------------------------------------------------------------------------------------
    def save_history(
        self,
        reading: Reading,
        batch: records.MessageBatch,
        *,
        after: str | None,
        is_last: bool,
        is_cut: bool = False,
    ) -> None:
        """Stores one answer of a thread's messages, which began at this cursor (None: with the newest).

        `is_cut`: Facebook shows no older ones although there are some.
        """
        before = (reading.newest, reading.since, 0 if after is None else reading.written)

        def save() -> None:
            reading.newest, reading.since, reading.written = before
            if self._is_forgotten(reading.thread):
                reading.is_overtaken = True
                return self._save_run()
            reading.written += len(batch.messages) + batch.unreadable
            self._save_messages(reading, batch, is_newest=after is None)
            if is_last and not reading.is_overtaken:
                is_full = (
                    batch.after is not None and reading.count >= INSTAGRAM_WINDOW and has_window(reading)
                )
                loader.close_history(reading.thread, reading.newest, truncated=is_cut or is_full)
                self.tally.count(reading.thread.pk, reading.result)
            elif not reading.is_overtaken:
                loader.begin_readings([(reading.thread, reading.as_json(batch.after))])
            return self._save_run()

        self.commit(save)
        if is_last:
            self._forget(reading)
        self._report()

    def _is_forgotten(self, thread: Thread) -> bool:
        if is_forgotten := self._forgotten.has(thread):
            self.tally.count(thread.pk, "skipped")
        return is_forgotten

    def _forget(self, reading: Reading) -> None:
        if self._readings.get(reading.thread.pk) is reading:
            del self._readings[reading.thread.pk]

    def _save_messages(self, reading: Reading, batch: records.MessageBatch, *, is_newest: bool) -> None:
        thread, now = reading.thread, timezone.now()
        events = to_events(batch.messages, self._page, since=reading.since or thread.updated_time)
        unreadable = batch.unreadable + len(batch.messages) - len(events)
        self._run.events_created += loader.save_messages(thread, events, unreadable)
        if not events:
            return
        if is_newest:
            loader.show_newest(thread, events[-1])
        reading.newest = reading.newest or newest_until(now, events)
        reading.since = events[0].occurred_at

    def leave(self, reading: Reading, error: GraphError) -> None:
        """The thread cannot be read on, unless another reading of it has begun."""
        self._forget(reading)
        if not reading.is_overtaken:
            self.give_up(reading.thread, error)

    def give_up(self, thread: Thread, error: GraphError) -> None:
        """Notes why a thread was not read, for good or until the next run."""
        is_final = isinstance(error, GoneError | TooMuchDataError)
        logger.warning("[page %s] thread %.100s: %s", self._page.pk, thread.graph_id, error)

        def save() -> None:
            if not self._is_forgotten(thread):
                state = Thread.State.UNREADABLE if is_final else Thread.State.OWED
                loader.leave_history(thread, state, clean(str(error)))
                self.tally.count(thread.pk, "skipped" if is_final else "owed")
            self._save_run()

        self.commit(save)
        self._report()

    def count_owed(self, thread_ids: list[int]) -> None:
        """Threads that stay owed although nobody asked for them."""

        def save() -> None:
            for thread_id in thread_ids:
                self.tally.count(thread_id, "owed")
            self._save_run()

        self.commit(save)

    def pause(self, status: str, reason: str, seconds: float) -> None:
        """The run waits for Facebook."""
        self.commit(lambda: runs.pause(self._run, status, reason, seconds))
        self._report()

    # -- transactions --------------------------------------------------------------------------------------
    def save_run(self) -> None:
        self.commit(self._save_run)

    def _save_run(self) -> None:
        self._run.status = SyncRun.Status.SYNCING
        self._run.requests = self._count_requests()
        self._run.total = max(self._run.total, self.tally.accounted)
        runs.save(self._run)

    def commit(self, work: Callable[[], Result]) -> Result:
        """Does the work in a transaction that holds the Page's rows, again where that may help.

        It writes the run's row: whoever took the sync over has ended that, and then nothing is written.
        """
        before, pauses = self._state(), iter(PAUSES_SECONDS)
        done: tuple[Result, datetime | None] | None = None  # all but the commit, whose answer was lost
        while True:
            try:
                if not self._lock.keep():
                    raise runs.LockLost
                if done and SyncRun.objects.filter(pk=self._run.pk, alive_at=done[1]).exists():
                    return done[0]
                self._take_back(before)
                done = None
                with transaction.atomic():
                    self._forgotten.lock_and_look()
                    done = (work(), self._run.alive_at)
                return done[0]
            except (DataError, IntegrityError):
                self._take_back(before)
                raise
            except (OperationalError, InterfaceError) as error:
                if loader.is_about_a_value(error):
                    self._take_back(before)
                self._wait_for_database(error, next(pauses, None))

    def read(self, question: Callable[[], Result]) -> Result:
        """Asks the database, again where that may help."""
        pauses = iter(PAUSES_SECONDS)
        while True:
            try:
                return question()
            except (OperationalError, InterfaceError) as error:
                self._wait_for_database(error, next(pauses, None))

    def _state(self) -> dict[str, Any]:
        """What a transaction that fails must not leave changed."""
        self.tally.mark()
        return {name: getattr(self._run, name) for name in COUNTERS} | {"notes": list(self._run.notes)}

    def _take_back(self, before: dict[str, Any]) -> None:
        self.tally.take_back()
        for name, value in before.items():
            setattr(self._run, name, list(value) if name == "notes" else value)

    def _wait_for_database(self, error: Exception, pause: float | None) -> None:
        if interrupt := interrupt_in(error):
            raise interrupt
        code = getattr(error.__cause__, "sqlstate", None)
        if pause is None or connection.in_atomic_block or code not in PASSING:
            raise error
        logger.warning("[page %s] PostgreSQL: %s Again in %s s.", self._page.pk, error, pause)
        if code is None or code.startswith("57"):
            connection.close()
        self._sleep(pause)


def _reading(outcome: Outcome) -> Reading:
    thread = outcome.thread
    if outcome.needs_audit:
        return Reading(thread, result=outcome.result)  # from end to end
    count = outcome.shown if outcome.after else 0
    return Reading(
        thread,
        outcome.after,
        outcome.newest,
        outcome.newest,
        thread.complete_until,
        outcome.result,
        count=count,
        written=count,
    )


def has_window(reading: Reading) -> bool:
    return reading.thread.platform == Platform.INSTAGRAM
