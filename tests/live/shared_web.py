"""pytest plugin: one web process for many tests, because each start takes seconds.

It runs as long as the tests that use it follow each other. Before any other test that uses the database it is
stopped, because its worker would execute the jobs of that test.
"""

import socket
import subprocess
import time
from collections.abc import Iterator

import pytest
from django.db.backends.base.base import BaseDatabaseWrapper

from .process import Web, free_port

FIXTURE = "web"
QUIET_SECONDS = 2
POLL_SECONDS = 0.005

IS_BUSY = """
    SELECT EXISTS (SELECT FROM procrastinate_jobs
        WHERE status = 'doing' AND task_name NOT IN ('work_on_webhooks', 'work_on_outbox') -- which never end
        OR status = 'todo' AND task_name = 'sync_page')
    OR EXISTS (SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend' AND state <> 'idle')
"""


class SharedWeb:
    def __init__(self) -> None:
        self.sandbox_port = free_port()
        self._port_holder = hold(self.sandbox_port)
        self._web: Web | None = None
        self._process: subprocess.Popen | None = None

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, environment: dict[str, str]) -> Web:
        """Return the process. Starts it if it does not run, and waits until its worker runs."""
        if self._web is None or not self.is_running:
            self.stop()  # it may be a process that did not become ready
            self._web = Web(environment)
            self._web.wait_until_ready()
            self._process = self._web.process
        return self._web

    def stop(self) -> None:
        if self._web is not None:
            self._web.process.kill()
            self._web.process.wait()
            self._web = self._process = None

    def close(self) -> None:
        self.stop()
        self._port_holder.close()

    def end_test(self, connection: BaseDatabaseWrapper) -> None:
        """Stop it if the test has restarted it, or if a job or request of the test does not end by itself."""
        if self._web is None or self._web.process is not self._process or not ends_work(connection):
            self.stop()


def hold(port: int) -> socket.socket:
    """Keep other processes from choosing it. Because of SO_REUSEADDR the sandbox can still listen."""
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", port))
    return holder


def ends_work(connection: BaseDatabaseWrapper) -> bool:
    deadline = time.monotonic() + QUIET_SECONDS
    while is_busy(connection):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def is_busy(connection: BaseDatabaseWrapper) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(IS_BUSY)
        [busy] = cursor.fetchone()
    return busy


def uses_shared_web(item: pytest.Item) -> bool:
    return FIXTURE in getattr(item, "fixturenames", ())


@pytest.fixture(scope="session")
def shared_web(django_db_setup) -> Iterator[SharedWeb]:
    shared = SharedWeb()
    yield shared
    shared.close()
