"""Syncs of several Pages at once, each in a thread with a database connection of its own."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from django.db import connection

from conversations.models import Page
from conversations.sync.service import SyncResult

# A full call takes Facebook more than a second and a batch takes us some 50 ms: about twenty Pages fill the
# one core that a Python process has. Each holds two connections, one for rows and one for the Page's lock:
# twenty take 40 of the 100 that PostgreSQL gives unless it is told otherwise.
AT_ONCE = 20
LOOK_SECONDS = 0.5

Sync = Callable[[Page, threading.Event], SyncResult]


class SideBySide:
    """`sync(page, stopping)` of each Page, at most AT_ONCE of them at a time. It must not raise."""

    def __init__(self, pages: list[Page], sync: Sync):
        self._pages, self._sync = pages, sync
        self._todo: SimpleQueue[Page] = SimpleQueue()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._results: dict[int, SyncResult] = {}
        self._stopping = threading.Event()
        self._is_stopped = False

    def stop(self) -> None:
        """Ends them all as interrupted. A signal handler may call it: such a queue may be put to anywhere."""
        self._is_stopped = True
        self._wake.put(None)

    def run(self, *, stop_seconds: float) -> dict[int, SyncResult]:
        """Results by Page, when all have ended.

        Where it was stopped, those are missing that have not ended after `stop_seconds`: a call hangs. Their
        threads, like all of these, end with the process.
        """
        for page in self._pages:
            self._todo.put(page)
        for _ in range(min(AT_ONCE, len(self._pages))):
            threading.Thread(target=self._work, name="sync", daemon=True).start()
        while len(self._results) < len(self._pages) and not self._is_stopped:
            # Not for ever: a signal that comes just before a wait is handled only when that ends.
            self._is_woken(time.monotonic() + LOOK_SECONDS)
        self._stopping.set()
        until = time.monotonic() + stop_seconds
        while len(self._results) < len(self._pages) and self._is_woken(until):
            pass
        return dict(self._results)

    def _is_woken(self, until: float) -> bool:
        try:
            self._wake.get(timeout=max(0, until - time.monotonic()))
        except Empty:
            return False
        return True

    def _work(self) -> None:
        while True:
            try:
                page = self._todo.get_nowait()
            except Empty:
                return
            try:
                self._results[page.pk] = self._sync(page, self._stopping)
            finally:
                connection.close()
                self._wake.put(None)
