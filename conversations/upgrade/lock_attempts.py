"""Runs migrations so that nobody waits long for them: one process at a time, with a limit for each lock.

A statement that waits for a table makes everybody who comes after it wait as well. So it gives up after a
moment, lets the others pass, and is tried again after a pause.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from django.core.management import CommandError
from django.db import Error, OperationalError, connection

from conversations.lib.locks import migrations_lock

from .lock_watch import LockWatch

POLL_SECONDS = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
LOCK_NOT_AVAILABLE, DEADLOCK = "55P03", "40P01"  # PostgreSQL's codes

OTHER_RUNS = "Another `migrate` is at work on this database. This one waits until it has ended."
NO_LOCK = "{subject}: no lock on its tables within {seconds:g} s, held by {blockers}."
AGAIN = "Attempt {attempt} of {attempts} in {pause:g} s."
GAVE_UP = (
    "It was not applied; what was applied before it stays. Run `manage.py migrate` again when that has "
    "ended, or end it with pg_terminate_backend(pid) in psql."
)


@contextmanager
def only_migration(report: Callable[[str], object]) -> Iterator[None]:
    """Wait until no other process migrates, and keep others from it until the block ends."""
    with migrations_lock() as lock:
        if not lock.is_acquired:
            report(OTHER_RUNS)
        while not lock.is_acquired:
            time.sleep(POLL_SECONDS)
            lock.acquire()
        yield


def with_attempts(
    work: Callable[[], object],
    watch: LockWatch,
    report: Callable[[str], object],
    *,
    seconds: float,
    attempts: int,
) -> None:
    """Call `work` until it gets its locks, each of which it waits this long for.

    Raises CommandError if it did not get them in as many attempts.
    """
    pause = FIRST_PAUSE
    for attempt in range(1, attempts + 1):
        try:
            with lock_timeout(f"{seconds * 1000:.0f}ms"):
                work()
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in (LOCK_NOT_AVAILABLE, DEADLOCK):
                raise
        blockers = watch.blockers or "a session that has ended meanwhile"
        message = NO_LOCK.format(subject=watch.subject, seconds=seconds, blockers=blockers)
        if attempt == attempts:
            raise CommandError(f"{message} {GAVE_UP}")
        report(f"{message} {AGAIN.format(attempt=attempt + 1, attempts=attempts, pause=pause)}")
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


@contextmanager
def lock_timeout(value: str, *, afterwards: str = "0") -> Iterator[None]:
    """Let each statement of this connection wait so long for a lock; then it raises OperationalError.

    The values are PostgreSQL's, such as 300ms; 0 is no limit.
    """
    _set_lock_timeout(value)
    try:
        yield
    finally:
        with suppress(Error):  # rather the first error, such as a lost connection
            _set_lock_timeout(afterwards)


def _set_lock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [value])
