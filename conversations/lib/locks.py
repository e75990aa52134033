"""Locks on a Page as PostgreSQL advisory locks, which are released when the process that holds them ends."""

import select
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from itertools import chain
from typing import Any

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from conversations.lib.sql_files import read_statements
from conversations.lib.timeouts import lift_limit

STATEMENTS = read_statements(__file__)
# Separate key spaces, all of them here: otherwise a search would wait for a bulk operation.
SYNC, ROWS, INDEX, WEBHOOKS, FILES, ALERTS, SENDERS, OUTBOX, OPERATIONS, SIGN_INS, MIGRATIONS = range(1, 12)
WORK, CREATION, EXPORTS = 0, 1, 2  # the keys of OPERATIONS
LOCK_ROWS = "SELECT pg_advisory_xact_lock(%s, %s)"


def own_connection() -> BaseDatabaseWrapper:
    """Return a connection that is not from the pool of requests: it ends when it is closed."""
    copy = connection.copy()
    copy.settings_dict["OPTIONS"].pop("pool", None)
    return copy


def session() -> BaseDatabaseWrapper:
    """Return a connection of its own that is one session of PostgreSQL, whose locks end with it.

    It does not go through a pooler, which lends a session for one transaction.
    """
    copy = own_connection()
    copy.needs_session = True  # type: ignore[attr-defined]  # of inbox.database
    return copy


class SyncLock:
    """The right to sync a Page. The lock is on a connection of its own, and ends with it or the process.

    Of another kind, it is the right to other work of which only one process does the same.
    """

    def __init__(self, key: int, kind: int = SYNC):
        self._kind, self._key, self._connection = kind, key, session()
        self.is_acquired = False

    def share(self) -> None:
        """Let any thread use it, one at a time: the caller sees to that."""
        self._connection.inc_thread_sharing()

    def acquire(self) -> bool:
        """Try to acquire the lock, also after its connection was lost. Return whether it succeeded."""
        self.is_acquired = False  # also if the query fails
        self.is_acquired = self._query("pg_try_advisory_lock")
        return self.is_acquired

    def ensure_acquired(self) -> bool:
        """Acquire the lock again if it was lost with its connection. Return whether we have it."""
        with suppress(Error):
            if self.is_acquired:
                self._raise_if_disconnected()
                return True
        self._connection.close()
        return self.acquire()

    def _raise_if_disconnected(self) -> None:
        """Raise if the server has closed the connection.

        The server announces that, so a query is sent only if there is something to read.
        """
        with self._connection.wrap_database_errors:
            is_readable, _, _ = select.select([self._connection.connection.fileno()], [], [], 0)
        if is_readable:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT 1")

    def release(self) -> None:
        if self.is_acquired:
            with suppress(Error):  # explicitly, because the server notices a closed connection late
                self._query("pg_advisory_unlock")
        self._connection.close()

    def _query(self, function: str) -> bool:
        with self._connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [self._kind, self._key])
            return cursor.fetchone()[0]


def sync_lock(page_id: int) -> AbstractContextManager[SyncLock]:
    """Try to acquire the right to sync this Page. `is_acquired` tells whether it was free."""
    return _acquired(SyncLock(page_id))


def operations_lock() -> AbstractContextManager[SyncLock]:
    """Try to acquire the right to work on bulk operations."""
    return _acquired(SyncLock(WORK, OPERATIONS))


def migrations_lock() -> AbstractContextManager[SyncLock]:
    """Try to acquire the right to change the tables."""
    return _acquired(SyncLock(WORK, MIGRATIONS))


def files_lock() -> AbstractContextManager[SyncLock]:
    """Try to acquire the right to fill the archive of files."""
    return _acquired(SyncLock(WORK, FILES))


def lock_file(digest: str) -> None:
    """Keep others from adding or removing the file with this content until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [FILES, int(digest[:8], 16) - 2**31])


@contextmanager
def _acquired(lock: SyncLock) -> Iterator[SyncLock]:
    try:
        lock.acquire()
        yield lock
    finally:
        lock.release()


def lock_rows(page_ids: Iterable[int]) -> None:
    """Keep others from writing rows of these Pages until the transaction ends.

    Every writer of a Page's conversations, events and tags calls this. The order is always the same, so there
    are no deadlocks.
    """
    lift_limit()
    with connection.cursor() as cursor:
        for page_id in sorted(set(page_ids)):
            cursor.execute(LOCK_ROWS, [ROWS, page_id])


def lock_rows_and_fetch(page_ids: Iterable[int], query: str, params: Sequence[Any]) -> list[tuple]:
    """Call lock_rows(), run a query, and return its rows, in one round trip: others wait for less time.

    The query sees what was committed while the lock was waited for, because each statement sees what is
    committed when it begins.
    """
    lift_limit()
    keys = [(ROWS, page_id) for page_id in sorted(set(page_ids))]
    with connection.cursor() as cursor:
        statements = "; ".join([*[LOCK_ROWS] * len(keys), query])
        cursor.execute(statements, [*chain.from_iterable(keys), *params])
        for _ in keys:
            cursor.nextset()
        return cursor.fetchall()


def lock_creation_of_operations() -> None:
    """Let nobody else create a bulk operation until the transaction ends: their IDs are in their order."""
    lift_limit()
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [OPERATIONS, CREATION])


def lock_outbox(conversation_id: int = 0) -> None:
    """Let nobody else add messages to a conversation until the transaction ends, or take any (0)."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [OUTBOX, conversation_id % (2**31 - 1) + bool(conversation_id)])


def lock_creation_of_exports() -> None:
    """Let nobody else create an export until the transaction ends: their number is limited."""
    lift_limit()
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [OPERATIONS, EXPORTS])


def lock_index() -> None:
    """Keep others from updating the index of messages until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [INDEX, WORK])


def try_lock_until_commit(kind: int, key: int) -> bool:
    """Try to acquire this right until the transaction ends, without a connection of its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [kind, key])
        return cursor.fetchone()[0]


def is_sync_locked(page_id: int) -> bool:
    """Return whether any process is syncing this Page now."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["is_locked"], {"kind": SYNC, "page": page_id})
        return cursor.fetchone()[0]
