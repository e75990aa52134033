"""The part of a process that sends what is due, a few messages at a time, and settles what is uncertain."""

import secrets
import threading
import time
from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils import timezone

from conversations.lib.locks import SENDERS, SyncLock
from conversations.lib.log_ids import carried
from conversations.sending import attempts, thread_look
from conversations.sending.delivery import deliver
from conversations.sending.settlement import settle

MAX_AT_ONCE = 4  # messages of one process, each of another conversation
SWEEP_SECONDS = 5.0  # how often to look without a notification


class OutboxWorker:
    """One for each process. Its lock tells others that the process lives."""

    def __init__(self) -> None:
        self._lock: SyncLock | None = None
        self._key = 0
        self._threads: set[threading.Thread] = set()
        self._guard = threading.Lock()

    def start_due(self, is_stopped: Callable[[], bool] = lambda: False) -> float:
        """Start everything that is due. Return in how many seconds to call this again, if nobody wakes us."""
        found = attempts.overview()
        if found.is_active:
            attempts.abandon_of_dead()
        if found.is_unsettled:
            settle()
            self._look(is_stopped)
        if settings.SENDING and (found.is_due or found.is_active):
            self._send(is_stopped)
        return _seconds_until(found.next_due)

    def wait(self, seconds: float) -> None:
        """Wait at most this long for the calls that are in progress."""
        with self._guard:
            threads = list(self._threads)
        until = time.monotonic() + seconds
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def close(self) -> None:
        """Release the lock, unless something is in progress."""
        with self._guard:
            if not self._threads and self._lock is not None:
                self._lock.release()
                self._lock = None

    def _send(self, is_stopped: Callable[[], bool]) -> None:
        while not is_stopped() and self._has_place():
            message = attempts.take(self._own_key())
            if message is None:
                return
            self._start(deliver, message, self._key)

    def _look(self, is_stopped: Callable[[], bool]) -> None:
        while not is_stopped() and self._has_place():
            message = thread_look.take_due()
            if message is None:
                return
            self._start(thread_look.look, message)

    def _own_key(self) -> int:
        """Return the key of this process, whose lock is held. A new one if the lock was lost."""
        if self._lock is None or not self._lock.ensure_acquired():
            self._key = secrets.randbelow(2**31 - 1) + 1
            self._lock = SyncLock(self._key, SENDERS)
            self._lock.share()
            self._lock.acquire()
        return self._key

    def _has_place(self) -> bool:
        with self._guard:
            return len(self._threads) < MAX_AT_ONCE

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        """Work in a thread that does not keep the process alive: others free what it leaves."""
        thread = threading.Thread(
            target=carried(self._run), args=(work, *arguments), name="outbox", daemon=True
        )
        with self._guard:
            self._threads.add(thread)
        thread.start()

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        finally:
            connection.close()
            with self._guard:
                self._threads.discard(threading.current_thread())


def _seconds_until(moment: datetime | None) -> float:
    if moment is None:
        return SWEEP_SECONDS
    return min(max((moment - timezone.now()).total_seconds(), 0.05), SWEEP_SECONDS)


worker = OutboxWorker()
