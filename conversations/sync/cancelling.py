"""How a sync that waits for answers learns that its run was cancelled, in whatever process that was."""

import time
from collections.abc import Callable

from django.db import Error, connection

from conversations.models import SyncRun
from conversations.sync import runs

LOOK_SECONDS = 1  # at the run's row; a batch that is stored finds it ended by itself


def watching(run: SyncRun, look: Callable[[], None]) -> Callable[[], None]:
    """`look` that also raises LockLost once somebody ended the run: one short query a second."""
    last = time.monotonic()

    def look_at_run_too() -> None:
        nonlocal last
        look()
        if time.monotonic() - last >= LOOK_SECONDS:
            last = time.monotonic()
            if _is_ended(run):
                raise runs.LockLost

    return look_at_run_too


def _is_ended(run: SyncRun) -> bool:
    try:
        return runs.is_ended(run)
    except Error:  # the database is away: what is stored next waits for it, this need not
        connection.close_if_unusable_or_obsolete()
        return False
