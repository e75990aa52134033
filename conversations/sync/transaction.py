"""The transactions of one run: each saves a batch together with the run's new state, or nothing.

A transaction that PostgreSQL aborted (a serialization failure, a deadlock, a lost connection, a restart) is
repeated. Whether a transaction was committed although its connection broke at the end is read from the run's
row.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction

from conversations.lib.locks import SyncLock
from conversations.models import Page, SyncRun
from conversations.models.run_counters import STORED
from conversations.sync import run_lifecycle
from conversations.sync.cancellation import interrupt_in
from conversations.sync.counters import ThreadCounters

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

# About a minute in total: a server that restarts is available again by then.
RETRY_PAUSES_SECONDS = (0.1, 0.5, 1, 2, 4, 8, 15, 30)
# Serialization failure, deadlock, lock not available, too many connections, shutting down, crashed, starting
# up, read-only transaction. An error without a code is about the connection itself.
TRANSIENT_SQLSTATES = {"40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "25006", None}
# The fields of the run that a transaction may change.
RUN_FIELDS = (*STORED, "status", "heartbeat_at")


def is_value_error(error: Exception) -> bool:
    """Whether PostgreSQL rejected a value: a DataError, or an index entry that is too long (54000)."""
    return isinstance(error, DataError) or sqlstate(error) == "54000"


def sqlstate(error: Exception) -> str | None:
    """PostgreSQL's code of an error that Django raised; None if the error has none."""
    return getattr(error.__cause__, "sqlstate", None)


class RunTransaction:
    """Commits the changes of one run. `lock_page()` is called at the start of each transaction."""

    def __init__(
        self,
        page: Page,
        run: SyncRun,
        lock: SyncLock,
        *,
        lock_page: Callable[[], None],
        sleep: Callable[[float], None],
        count_requests: Callable[[], int],
    ):
        self._page, self._run, self._lock = page, run, lock
        self._lock_page, self._sleep, self._count_requests = lock_page, sleep, count_requests
        is_known = run.mode == SyncRun.Mode.FULL and page.last_synced_at is not None
        known_total = page.threads.count() if is_known else 0
        self.counters = ThreadCounters(run, known_total)
        run.total = max(run.total, known_total)

    def commit(self, work: Callable[[], Result]) -> Result:
        """Call `work` in a transaction and return its result. `work` may be called several times.

        `work` must save the run's row, by `save_run()` or by `run_lifecycle`: if another process has taken
        the sync over, that row has ended, and nothing is written. Raises LockLost then.
        """
        before, pauses = self._state(), iter(RETRY_PAUSES_SECONDS)
        # The result of a transaction whose COMMIT was sent, and the time it wrote to the run's row.
        done: tuple[Result, datetime | None] | None = None
        while True:
            try:
                if not self._lock.ensure_acquired():
                    raise run_lifecycle.LockLost
                if done and SyncRun.objects.filter(pk=self._run.pk, heartbeat_at=done[1]).exists():
                    return done[0]
                self._roll_back(before)
                done = None
                with transaction.atomic():
                    self._lock_page()
                    done = (work(), self._run.heartbeat_at)
                return done[0]
            except (DataError, IntegrityError):
                self._roll_back(before)
                raise
            except (OperationalError, InterfaceError) as error:
                if is_value_error(error):
                    self._roll_back(before)
                self._wait_for_database(error, next(pauses, None))

    def read(self, query: Callable[[], Result]) -> Result:
        """Call `query` without a transaction and return its result. `query` may be called several times."""
        pauses = iter(RETRY_PAUSES_SECONDS)
        while True:
            try:
                return query()
            except (OperationalError, InterfaceError) as error:
                self._wait_for_database(error, next(pauses, None))

    def save_run(self) -> None:
        """Save the run's row as part of the present transaction."""
        self._run.status = SyncRun.Status.SYNCING
        self._run.requests = self._count_requests()
        self._run.total = max(self._run.total, self._run.accounted)
        run_lifecycle.save(self._run)

    def _state(self) -> dict[str, Any]:
        """The fields of the run to which a failed transaction returns."""
        self.counters.mark()
        return {name: getattr(self._run, name) for name in RUN_FIELDS} | {"notes": list(self._run.notes)}

    def _roll_back(self, before: dict[str, Any]) -> None:
        self.counters.roll_back()
        for name, value in before.items():
            setattr(self._run, name, list(value) if name == "notes" else value)

    def _wait_for_database(self, error: Exception, pause: float | None) -> None:
        """Sleep until the next try. Raises the error if no try is left or a repetition cannot help."""
        if interrupt := interrupt_in(error):
            raise interrupt
        code = sqlstate(error)
        if pause is None or connection.in_atomic_block or code not in TRANSIENT_SQLSTATES:
            raise error
        logger.warning("[page %s] PostgreSQL: %s Retrying in %s s.", self._page.pk, error, pause)
        if code is None or code.startswith("57"):
            connection.close()
        self._sleep(pause)
