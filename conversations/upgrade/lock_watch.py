"""Watches from a connection of its own what a migration waits for, and says so."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from django.db import Error, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from conversations.lib.locks import own_connection
from conversations.lib.log_ids import carried
from conversations.lib.sql_files import read_statements

STATEMENTS = read_statements(__file__)
POLL_SECONDS = 0.1
REPORT_SECONDS = 2.0  # the first time; later reports come less and less often
MAX_BLOCKERS = 3
MAX_TEXT = 80


class LockWatch:
    """Watches the session of Django's connection while a block runs. `subject` is what is said to wait."""

    def __init__(self, report: Callable[[str], object]):
        self.subject = ""
        self.blockers = ""  # those of the last wait
        self._report = report
        self._ended = threading.Event()
        self._thread = threading.Thread(target=carried(self._watch), name="lock-watch", daemon=True)

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (self._pid,) = cursor.fetchone()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        own = own_connection()
        try:
            with suppress(Error):  # the migration itself is not to fail because of it
                self._poll(own)
        finally:
            own.close()

    def _poll(self, own: BaseDatabaseWrapper) -> None:
        subject, began, due = self.subject, time.monotonic(), REPORT_SECONDS
        while not self._ended.wait(POLL_SECONDS):
            if subject != self.subject:
                subject, began, due = self.subject, time.monotonic(), REPORT_SECONDS
            blockers = self.blockers_now(own)
            self.blockers = blockers or self.blockers
            if subject and time.monotonic() - began > due:
                self._report(f"{subject}: {due:.0f} s, {self._activity(own, blockers)}")
                due *= 2

    def _activity(self, own: BaseDatabaseWrapper, blockers: str) -> str:
        if blockers:
            return f"waits for {blockers}"
        with own.cursor() as cursor:
            cursor.execute(STATEMENTS["index_progress"], {"pid": self._pid})
            row = cursor.fetchone()
        return f"builds an index, {row[0]} %" if row else "at work"

    def blockers_now(self, own: BaseDatabaseWrapper) -> str:
        with own.cursor() as cursor:
            cursor.execute(STATEMENTS["blockers"], {"pid": self._pid})
            return "; ".join(description(*row) for row in cursor.fetchall()[:MAX_BLOCKERS])


def description(pid: int, application: str, state: str | None, seconds: float | None, text: str) -> str:
    """Name a session without the values of its statement: pid 7 (web, active for 3 s: SELECT …)."""
    parts = [application, f"{state} for {seconds or 0:.0f} s" if state else ""]
    known = ", ".join(filter(None, parts))
    begin = " ".join((text or "").split())[:MAX_TEXT]
    return f"pid {pid} ({known}: {begin}…)" if begin else f"pid {pid} ({known})"
