"""How a running sync learns that it was cancelled or interrupted."""

import time
from collections.abc import Callable

from django.db import Error, connection

from conversations.models import SyncRun
from conversations.sync import run_lifecycle

CHECK_SECONDS = 1  # between two queries; storing a batch finds an ended run without them


def with_cancellation(run: SyncRun, check_stop: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls `check_stop` and raises LockLost once any process has ended the run.

    The run's row is queried at most once a second. Call the function while the sync waits for answers.
    """
    last = time.monotonic()

    def check() -> None:
        nonlocal last
        check_stop()
        if time.monotonic() - last >= CHECK_SECONDS:
            last = time.monotonic()
            if _is_ended(run):
                raise run_lifecycle.LockLost

    return check


def _is_ended(run: SyncRun) -> bool:
    try:
        return run_lifecycle.is_ended(run)
    except Error:  # The database is away. The next write waits for it; this check need not.
        connection.close_if_unusable_or_obsolete()
        return False


def interrupt_in(error: BaseException | None) -> KeyboardInterrupt | None:
    """Return the interrupt that caused the error, or None.

    A signal can arrive anywhere, also between a statement and its answer or while a lock is released. The
    cleanup there may then fail, and its error is what the caller sees, with the interrupt as its context.
    """
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error
