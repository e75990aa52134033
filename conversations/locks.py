"""Who may work on a Page: PostgreSQL's advisory locks, which die with the process that holds them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection

SYNC, ROWS = 1, 2  # key spaces: apart, or a sync would wait for itself


@contextmanager
def sync_lock(page_id: int) -> Iterator[bool]:
    """Holds the right to sync this Page, on a connection of its own; yields whether it was free."""
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SYNC, page_id])
            yield cursor.fetchone()[0]
    finally:
        own.close()


def lock_rows(page_ids: Iterable[int]) -> None:
    """Until the transaction ends nobody else writes rows of these Pages.

    Every writer of a Page's conversations, events and tags takes it. Always in the same order: no deadlocks.
    """
    with connection.cursor() as cursor:
        for page_id in sorted(set(page_ids)):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ROWS, page_id])
