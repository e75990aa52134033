"""Who may work on a Page: PostgreSQL's advisory locks, which die with the process that holds them."""

import select
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

SYNC, ROWS = 1, 2  # key spaces: apart, or a sync would wait for itself
LOCK_ROWS = "SELECT pg_advisory_xact_lock(%s, %s)"


class SyncLock:
    """The right to sync a Page, held on a connection of its own: it ends with the process, or with that."""

    def __init__(self, page_id: int):
        self._page_id, self._own = page_id, connection.copy()
        self.is_ours = False

    def take(self) -> bool:
        """Whether it is ours now. It may be taken again after its connection was lost."""
        self.is_ours = False  # also where the question fails
        self.is_ours = self._ask("pg_try_advisory_lock")
        return self.is_ours

    def keep(self) -> bool:
        """Whether it is ours still: one that was lost with its connection is taken again, if it is free."""
        with suppress(Error):
            if self.is_ours:
                self._listen()
                return True
        self._own.close()
        return self.take()

    def _listen(self) -> None:
        """Raises where the server has ended the connection: it says so, and only then it is asked."""
        with self._own.wrap_database_errors:
            has_spoken, _, _ = select.select([self._own.connection.fileno()], [], [], 0)
        if has_spoken:
            with self._own.cursor() as cursor:
                cursor.execute("SELECT 1")

    def release(self) -> None:
        if self.is_ours:
            with suppress(Error):  # said, for the server takes a moment to notice that a connection ended
                self._ask("pg_advisory_unlock")
        self._own.close()

    def _ask(self, function: str) -> bool:
        with self._own.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [SYNC, self._page_id])
            return cursor.fetchone()[0]


@contextmanager
def sync_lock(page_id: int) -> Iterator[SyncLock]:
    """Tries to take the right to sync this Page: `is_ours` tells whether it was free."""
    lock = SyncLock(page_id)
    try:
        lock.take()
        yield lock
    finally:
        lock.release()


def lock_rows(page_ids: Iterable[int]) -> None:
    """Until the transaction ends nobody else writes rows of these Pages.

    Every writer of a Page's conversations, events and tags takes it. Always in the same order: no deadlocks.
    """
    with connection.cursor() as cursor:
        for page_id in sorted(set(page_ids)):
            cursor.execute(LOCK_ROWS, [ROWS, page_id])


def is_sync_locked(page_id: int) -> bool:
    """Whether somebody, anywhere, syncs this Page now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND classid = %s AND objid = %s)",
            [SYNC, page_id],
        )
        return cursor.fetchone()[0]
