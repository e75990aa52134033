"""The call budget of a Page and platform in PostgreSQL, shared by all processes on all machines."""

import threading
from datetime import timedelta

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from conversations.graph.call_budget import ProcessBudget
from conversations.lib.locks import own_connection
from conversations.lib.process_numbers import numbers
from conversations.lib.sql_files import read_statements
from conversations.models import CallBudget

STATEMENTS = read_statements(__file__)


class SharedConnection:
    """One database connection for all budgets of this process, open while there are any."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._connection: BaseDatabaseWrapper | None = None

    def join(self) -> None:
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._close()

    def execute(self, statement: str, values: dict) -> float | None:
        """Return the first value of the result, None if there is none or the database is not available."""
        with self._lock:
            if not self._users:
                return None
            if self._connection is None:
                self._connection = own_connection()
                self._connection.inc_thread_sharing()  # the lock above serializes the threads
            try:
                with self._connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    row = cursor.fetchone() if cursor.description else None
                    return float(row[0]) if row else None
            except Error:
                self._close()
                return None

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


shared_connection = SharedConnection()


class SharedBudget:
    """A conversations.graph.call_budget.Budget.

    While PostgreSQL is not available, this process uses a budget of its own.
    """

    def __init__(self, facebook_page_id: str, platform: str):
        self._values = {"page": facebook_page_id, "platform": platform}
        self._kind = "send" if platform.endswith(":send") else "read"
        self._own = ProcessBudget()
        shared_connection.join()

    def __enter__(self) -> "SharedBudget":
        return self

    def __exit__(self, *exc: object) -> None:
        shared_connection.leave()

    def reserve(self, gap: float) -> float:
        """Reserve the next free start, `gap` seconds after the previous one. Return the seconds until it."""
        self._count()
        own = self._own.reserve(gap)
        seconds = shared_connection.execute(
            STATEMENTS["reserve"], self._values | {"gap": timedelta(seconds=gap)}
        )
        return own if seconds is None else max(seconds, 0.0)

    def count_call(self) -> None:
        """Count a call that waits for no turn."""
        self._count()
        shared_connection.execute(STATEMENTS["count_call"], self._values)

    def _count(self) -> None:
        numbers.count("inbox_process_calls", self._kind)

    def count_failure(self, outcome: str) -> None:
        shared_connection.execute(STATEMENTS["count_failure"], self._values | {"outcome": outcome})

    def close(self, seconds: float, reason: str) -> None:
        """Allow no request for this time."""
        self._own.close(seconds, reason)
        shared_connection.execute(
            STATEMENTS["close"], self._values | {"gap": timedelta(seconds=seconds), "reason": reason}
        )


def closed_seconds(facebook_page_id: str, platform: str) -> float:
    """Return for how many seconds from now Facebook has asked us to send no requests."""
    budget = CallBudget.objects.filter(facebook_page_id=facebook_page_id, platform=platform).first()
    if budget is None or budget.closed_until is None:
        return 0.0
    return max(0.0, (budget.closed_until - timezone.now()).total_seconds())
