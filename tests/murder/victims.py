"""Who is murdered: the processes that sync, and the PostgreSQL under them."""

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

from conversations.locks import SYNC
from conversations.models import SyncRun
from inbox.postgres import Server
from tests.live.conftest import Web

PATIENCE_SECONDS = 90  # until something that must end is called a fault


def wait_until(condition: Callable[[], bool], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.002)  # between two looks


class Database:
    """A PostgreSQL of its own. It loses nothing that was committed: its log is written at each commit."""

    NAME = "murder"

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url(self.NAME)

    def create(self) -> None:
        """Anew: whoever is still in the one before is put out."""
        with self.server.connect() as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {self.NAME} WITH (FORCE)")
            admin.execute(f"CREATE DATABASE {self.NAME}")
            admin.execute(f"ALTER DATABASE {self.NAME} SET synchronous_commit = on")

    def others(self, condition: str = "true") -> list[int]:
        """The backends of everybody else; Django's connection of this process ends, not to be among them."""
        connection.close()
        with psycopg.connect(self.url, autocommit=True) as own:
            rows = own.execute(
                "SELECT pid FROM pg_stat_activity"  # noqa: S608 - the condition is ours
                " WHERE backend_type = 'client backend' AND datname = %s"
                f" AND pid <> pg_backend_pid() AND {condition}",
                [self.NAME],
            )
            return [pid for (pid,) in rows]

    def wait_until_alone(self) -> None:
        """What a dead client had sent last is done with, one way or the other."""
        wait_until(lambda: not self.others(), "the backends of a dead process are still there")

    def kill_backend(self, draw: Random) -> bool:
        """kill -9: the server ends all connections and recovers from its log. False: nobody was there."""
        pids = self.others()
        if not pids:
            return False
        with psycopg.connect(self.url) as witness:
            try:
                os.kill(draw.choice(pids), signal.SIGKILL)
            except ProcessLookupError:  # it has just ended by itself
                return False
            wait_until(lambda: is_broken(witness), "PostgreSQL does not notice that a backend was killed")
        self.wait_until_up()
        return True

    def end_connection(self, draw: Random) -> bool:
        """One of a sync's connections alone."""
        return self._terminate(self.others(), draw)

    def end_lock(self, page_id: int, draw: Random) -> bool:
        """The connection that holds the right to sync, and with it the right."""
        holders = "pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"
        condition = f"{holders} AND classid = {SYNC} AND objid = {int(page_id)})"
        return self._terminate(self.others(condition), draw)

    def _terminate(self, pids: list[int], draw: Random) -> bool:
        if not pids:
            return False
        pid = draw.choice(pids)
        with psycopg.connect(self.url, autocommit=True) as own:
            own.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        return True

    def stop_at_once(self) -> None:
        """Immediate shutdown: no checkpoint, nobody is waited for."""
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
        wait_until(self._answers, "PostgreSQL does not come back")

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            psycopg.connect(self.url).close()
            return True
        return False


def is_broken(witness: psycopg.Connection) -> bool:
    try:
        witness.execute("SELECT 1")
    except psycopg.OperationalError:
        return True
    return False


class Command:
    """`manage.py syncconversations` of the one Page."""

    name = "command"

    def __init__(self, environment: dict[str, str], page_id: str, *, full: bool) -> None:
        self._told = tempfile.TemporaryFile("w+")  # noqa: SIM115 - output() closes it
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - the same
        command = [sys.executable, "manage.py", "syncconversations", "--page", page_id]
        self.process = subprocess.Popen(
            [*command, *(["--full"] if full else [])],
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self._told,
            stderr=self._errors,
        )

    @property
    def has_ended(self) -> bool:
        return self.process.poll() is not None

    def kill(self, number: int) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE_SECONDS)

    def wait(self) -> None:
        self.process.wait(PATIENCE_SECONDS)

    def output(self) -> str:
        """All that it said, its errors last; it has ended."""
        said = ""
        for file in (self._told, self._errors):
            with file:
                file.seek(0)
                said += file.read()
        return said


class WebSync:
    """The web process with the job inside: it is asked for a sync and goes on living."""

    name = "web"

    def __init__(self, environment: dict[str, str], key: str) -> None:
        self._web = Web(environment | {"SYNC_EVERY_MINUTES": "0"})
        self._headers = {"Authorization": f"Token {key}", "Prefer": "respond-async"}
        self.run_id = 0

    @property
    def is_alive(self) -> bool:
        return self._web.process.poll() is None

    def ask(self, page_id: str, *, full: bool) -> None:
        self._web.wait_until_ready()
        body = {"facebookPageId": page_id, "forceFull": full}
        url = f"{self._web.url}/api/conversations/sync"
        answer = requests.post(url, json=body, headers=self._headers, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 202, answer.text
        self.run_id = answer.json()["run"]

    @property
    def has_ended(self) -> bool:
        return SyncRun.objects.filter(pk=self.run_id, ended_at__isnull=False).exists()

    def kill(self, number: int) -> None:
        self._web.process.send_signal(number)
        self._web.process.wait(PATIENCE_SECONDS)

    def wait(self) -> None:
        """Until nothing is in work: who took a run over is part of it."""
        working = SyncRun.objects.active()
        wait_until(lambda: not self.is_alive or not working.exists(), "the web process does not end its run")

    def wait_until_back(self) -> None:
        self._web.wait_until_ready()

    def output(self) -> str:
        return self._web.log
