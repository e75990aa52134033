"""Who may work on a Page: PostgreSQL's advisory locks, which die with the process that holds them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from django.db import Error, connection

SYNC, ROWS = 1, 2  # key spaces: apart, or a sync would wait for itself


@contextmanager
def sync_lock(page_id: int) -> Iterator[bool]:
    """Holds the right to sync this Page, on a connection of its own; yields whether it was free."""
    own = connection.copy()

    def ask(function: str) -> bool:
        with own.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [SYNC, page_id])
            return cursor.fetchone()[0]

    try:
        is_ours = ask("pg_try_advisory_lock")
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(Error):  # said, for the server takes a moment to notice that a connection ended
                    ask("pg_advisory_unlock")
    finally:
        own.close()


def lock_rows(page_ids: Iterable[int]) -> None:
    """Until the transaction ends nobody else writes rows of these Pages.

    Every writer of a Page's conversations, events and tags takes it. Always in the same order: no deadlocks.
    """
    with connection.cursor() as cursor:
        for page_id in sorted(set(page_ids)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ROWS, page_id])


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
