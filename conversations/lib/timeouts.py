"""Limits how long PostgreSQL works on one statement, its planning included.

The threads that answer HTTP requests limit each of their statements. Jobs and commands do not.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.pq import TransactionStatus

READ_SECONDS = 5.0
CANCELLED = "57014"  # PostgreSQL's code for a statement that exceeded its time limit


class TooSlow(Exception):
    """A statement took longer than its time limit."""


def limit_statements() -> None:
    """Let each statement of this thread take READ_SECONDS. Those that take longer raise TooSlow."""
    connection.execute_wrappers.append(raise_too_slow)
    if is_pooled():
        connection.execute_wrappers.append(limit_transaction)
        return
    settings = connection.settings_dict
    limit = f"-c statement_timeout={milliseconds(READ_SECONDS)}"
    options = settings["OPTIONS"] | {"options": f"{settings['OPTIONS'].get('options', '')} {limit}".strip()}
    connection.settings_dict = settings | {"OPTIONS": options}


def is_pooled() -> bool:
    """Whether the connection of this thread is a session only until its transaction ends."""
    return getattr(connection, "is_pooled", False)


def is_limited() -> bool:
    """Whether the statements of this thread are limited."""
    return raise_too_slow in connection.execute_wrappers


def raise_too_slow(execute, sql, params, many, context) -> Any:
    try:
        return execute(sql, params, many, context)
    except OperationalError as error:
        raise_if_cancelled(error)
        raise


def limit_transaction(execute, sql, params, many, context) -> Any:
    """Send the limit of a transaction together with its first statement, which costs no round trip.

    PostgreSQL runs both in one transaction. Cursors of the server and executemany() take one statement.
    """
    cursor = context["cursor"]
    status = connection.connection.info.transaction_status
    if status != TransactionStatus.IDLE or many or hasattr(cursor, "name"):
        return execute(sql, params, many, context)
    result = execute(f"{_limit()}; {sql}", params, many, context)
    cursor.nextset()  # the first result is that of SET
    return result


def raise_if_cancelled(error: OperationalError) -> None:
    if getattr(error.__cause__, "sqlstate", "") == CANCELLED:
        raise TooSlow from None


@contextmanager
def statement_timeout(seconds: float) -> Iterator[None]:
    """Run a block in a transaction in which each statement may take this long. Raises TooSlow."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [milliseconds(seconds)])
            yield
            cursor.execute(_usual_limit())
    except OperationalError as error:
        raise_if_cancelled(error)
        raise


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Run a block in a transaction in which all statements together may take this long. Raises TooSlow.

    Checks of constraints that PostgreSQL would leave to the commit are part of the block.
    """
    deadline = time.monotonic() + seconds

    def run_in_time(execute, sql, params, many, context) -> Any:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TooSlow
        execute("SET LOCAL statement_timeout = %s", [milliseconds(left)], False, context)
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if is_pooled():
                cursor.execute(_limit())  # the transaction has begun, so that nothing else sends a limit
            with connection.execute_wrapper(run_in_time):
                yield
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(_usual_limit())
    except OperationalError as error:
        raise_if_cancelled(error)
        raise


def _limit() -> str:
    return f"SET LOCAL statement_timeout = {milliseconds(READ_SECONDS)}"


def _usual_limit() -> str:
    """Return the statement after which this thread's limit is in force again until the transaction ends."""
    return _limit() if is_limited() else "SET LOCAL statement_timeout = DEFAULT"


def lift_limit() -> None:
    """Let the statements of this transaction take as long as they need: it changes rows, all or none."""
    if is_limited():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = 0")


def milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
