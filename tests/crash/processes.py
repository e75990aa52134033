"""The processes that the crash tests kill: the PostgreSQL server and the processes that sync."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random

import psycopg
import requests
from django.conf import settings
from django.db import connection

from conversations.lib.locks import SYNC
from conversations.models import SyncRun
from inbox.postgres import Server
from tests import migrated
from tests.live.process import Web

TIMEOUT_SECONDS = 90


def wait_until(condition: Callable[[], bool], message: str, *, seconds: float = TIMEOUT_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"timed out after {seconds} s: {message}"
        time.sleep(0.002)


class Database:
    """A database on a private PostgreSQL server. Committed rows survive: each commit flushes the log."""

    NAME = "crash"

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url(self.NAME)

    def create(self) -> None:
        """Create the database, or replace it. Connections to the old one are closed."""
        with self.server.connect() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {self.NAME} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {self.NAME} TEMPLATE {migrated.DATABASE}")
            admin.execute(f"ALTER DATABASE {self.NAME} SET synchronous_commit = on")

    def backends(self, condition: str = "true") -> list[int]:
        """Return the backends of other processes. Django's connection of this process is closed first."""
        connection.close()
        with psycopg.connect(self.url, autocommit=True) as own:
            rows = own.execute(
                "SELECT pid FROM pg_stat_activity"  # noqa: S608 - the condition is a literal of this class
                " WHERE backend_type = 'client backend' AND datname = %s"
                f" AND pid <> pg_backend_pid() AND {condition}",
                [self.NAME],
            )
            return [pid for (pid,) in rows]

    def wait_until_unused(self) -> None:
        """Wait until the last statements of a killed client are committed or rolled back."""
        wait_until(lambda: not self.backends(), "the backends of a killed process are still running")

    def kill_backend(self, rng: Random) -> bool:
        """Kill a backend with SIGKILL: the server closes all connections and recovers from its log.

        Returns False if there was no backend.
        """
        pids = self.backends()
        if not pids:
            return False
        with psycopg.connect(self.url) as observer:
            try:
                os.kill(rng.choice(pids), signal.SIGKILL)
            except ProcessLookupError:  # it has just ended by itself
                return False
            wait_until(lambda: is_broken(observer), "PostgreSQL does not notice that a backend was killed")
        self.wait_until_up()
        return True

    def close_connection(self, rng: Random) -> bool:
        """Close one connection of a sync. Returns False if there was none."""
        return self._terminate(self.backends(), rng)

    def close_lock_connection(self, page_id: int, rng: Random) -> bool:
        """Close the connection that holds the sync lock of the Page, which releases the lock."""
        holders = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        condition = f"{holders} AND classid = {SYNC} AND objid = {int(page_id)})"
        return self._terminate(self.backends(condition), rng)

    def _terminate(self, pids: list[int], rng: Random) -> bool:
        if not pids:
            return False
        pid = rng.choice(pids)
        with psycopg.connect(self.url, autocommit=True) as own:
            own.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return True

    def stop_immediately(self) -> None:
        """Shut the server down in immediate mode: without a checkpoint and without waiting for clients."""
        connection.close()
        assert self.server.signal_and_wait(signal.SIGQUIT, 20)

    def start(self) -> None:
        self.server.start()
        self.wait_until_up()

    def restart(self) -> None:
        connection.close()
        self.server.stop()
        self.start()

    def wait_until_up(self) -> None:
        wait_until(self._accepts_connections, "PostgreSQL does not accept connections again")

    def _accepts_connections(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url).close()
            return True
        return False


def is_broken(observer: psycopg.Connection) -> bool:
    try:
        observer.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


class Command:
    """A process of `manage.py syncconversations` for one Page."""

    def __init__(self, environment: dict[str, str], page_id: str, *, full: bool) -> None:
        self._output = tempfile.TemporaryFile("w+")  # noqa: SIM115 - output() closes it
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - output() closes it
        command = [sys.executable, "manage.py", "syncconversations", "--page", page_id]
        self.process = subprocess.Popen(
            [*command, *(["--full"] if full else [])],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=self._errors,
        )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(TIMEOUT_SECONDS)

    def wait(self) -> None:
        self.process.wait(TIMEOUT_SECONDS)

    def output(self) -> str:
        """Return its standard output, then its standard error. Call it once, after the process has ended."""
        text = ""
        for file in (self._output, self._errors):
            with file:
                file.seek(0)
                text += file.read()
        return text


class WebSync:
    """A web process that runs syncs as background jobs. It stays alive after a sync."""

    def __init__(self, environment: dict[str, str], key: str) -> None:
        self._web = Web(environment | {"SYNC_EVERY_MINUTES": "0"})
        self._headers = {"Authorization": f"Token {key}", "Prefer": "respond-async"}
        self.run_id = 0

    @property
    def is_alive(self) -> bool:
        return self._web.process.poll() is None

    def request_sync(self, page_id: str, *, full: bool) -> None:
        self._web.wait_until_ready()
        body = {"facebookPageId": page_id, "forceFull": full}
        url = f"{self._web.url}/api/conversations/sync"
        response = requests.post(url, json=body, headers=self._headers, timeout=TIMEOUT_SECONDS)
        assert response.status_code == 202, response.text
        self.run_id = response.json()["run"]

    @property
    def has_ended(self) -> bool:
        return SyncRun.objects.filter(pk=self.run_id, ended_at__isnull=False).exists()

    def kill(self, number: int) -> None:
        self._web.process.send_signal(number)
        self._web.process.wait(TIMEOUT_SECONDS)

    def wait(self) -> None:
        """Wait until no run is active, including a run that continues an interrupted one."""
        active = SyncRun.objects.active()
        wait_until(lambda: not self.is_alive or not active.exists(), "the web process does not end its run")

    def wait_until_ready(self) -> None:
        self._web.wait_until_ready()

    def output(self) -> str:
        return self._web.log
