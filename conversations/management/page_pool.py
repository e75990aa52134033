"""Syncs several Pages at once, each in a thread of its own with its own database connection."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from django.db import connection

from conversations.lib.log_ids import carried
from conversations.models import Page
from conversations.sync.service import SyncResult

# A full call takes Facebook more than a second and a batch takes us about 50 ms: about twenty Pages use the
# one core that a Python process has. Each Page needs two connections, one for rows and one for its lock:
# twenty Pages need 40 of the 100 connections that PostgreSQL allows by default.
MAX_CONCURRENT = 20
POLL_SECONDS = 0.5

Sync = Callable[[Page, threading.Event], SyncResult]


class PagePool:
    """Calls `sync(page, stopping)` for each Page, at most MAX_CONCURRENT at a time. It must not raise."""

    def __init__(self, pages: list[Page], sync: Sync):
        self._pages, self._sync = pages, sync
        self._pending: SimpleQueue[Page] = SimpleQueue()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._results: dict[int, SyncResult] = {}
        self._stopping = threading.Event()
        self._is_stopped = False

    def stop(self) -> None:
        """End all syncs as interrupted. A signal handler may call it: SimpleQueue.put() is reentrant."""
        self._is_stopped = True
        self._wake.put(None)

    def run(self, *, stop_seconds: float) -> dict[int, SyncResult]:
        """Return the results by Page ID once all syncs have ended.

        After `stop()` the result leaves out each sync that has not ended within `stop_seconds`.
        The threads are daemons and end with the process.
        """
        for page in self._pages:
            self._pending.put(page)
        for _ in range(min(MAX_CONCURRENT, len(self._pages))):
            threading.Thread(target=carried(self._work), name="sync", daemon=True).start()
        while len(self._results) < len(self._pages) and not self._is_stopped:
            # Wait with a timeout: a signal that arrives just before a wait is handled only after it.
            self._wait_until(time.monotonic() + POLL_SECONDS)
        self._stopping.set()
        deadline = time.monotonic() + stop_seconds
        while len(self._results) < len(self._pages) and self._wait_until(deadline):
            pass
        return dict(self._results)

    def _wait_until(self, deadline: float) -> bool:
        """Wait for a sync to end or for stop(). Return False after the deadline."""
        try:
            self._wake.get(timeout=max(0, deadline - time.monotonic()))
        except Empty:
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                page = self._pending.get_nowait()
            except Empty:
                return
            try:
                self._results[page.pk] = self._sync(page, self._stopping)
            finally:
                connection.close()
                self._wake.put(None)
