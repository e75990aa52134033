"""How long processes take to start: a sync until its first call, a web process until it answers.

Each is compared with the bare import of the packages that it cannot do without.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import psycopg
import requests

from .cluster import ROOT, Cluster, cpu_seconds
from .facebook import Facebook
from .measure import EngineFailure
from .processes import installed

SYNC_IMPORTS = "import django.db, requests, psycopg, socket"
WEB_IMPORTS = "import django.core.handlers.asgi, django.db.models, requests, psycopg, uvicorn, socket"
CONNECT = "socket.create_connection(('127.0.0.1', {port})).recv(1)"


@dataclass(frozen=True)
class Start:
    seconds: float
    cpu: float


def start_of_sync(cluster: Cluster, facebook: Facebook, database: str) -> Start:
    """Return the time until the first call of a first sync arrives. It gets no answer.

    Runs of earlier starts, whose processes were killed, are removed: a sync would end them before.
    """
    with psycopg.connect(cluster.url(database), autocommit=True) as connection:
        connection.execute("DELETE FROM conversations_syncrun")
    with listening() as (server, port):
        command = ["manage.py", "syncconversations", "--page", facebook.pages[0]["id"]]
        address = {"GRAPH_API_URL": f"http://127.0.0.1:{port}"}
        return until(partial(is_called, server), command, installed(cluster, database) | address)


def start_of_web(cluster: Cluster, database: str, path: str, tree: Path = ROOT) -> Start:
    """Return the time until the web process answers a request of this path: /healthz comes first."""
    with listening() as (_, port):
        pass  # a free port
    command = ["-m", "uvicorn", "inbox.asgi:application", "--port", str(port), "--log-level", "warning"]

    def answers() -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"http://127.0.0.1:{port}{path}", timeout=60).ok
        return False

    return until(answers, command, installed(cluster, database), tree)


def bare_imports(cluster: Cluster, database: str, imports: str) -> Start:
    """Return the time until a process with only these imports makes a connection."""
    with listening() as (server, port):
        code = f"{imports}\n{CONNECT.format(port=port)}"
        return until(partial(is_called, server), ["-c", code], installed(cluster, database))


def until(
    happened: Callable[[], object], arguments: list[str], environment: dict[str, str], tree: Path = ROOT
) -> Start:
    """Start Python, wait until something happened, and end the process."""
    command, started = [sys.executable, *arguments], time.perf_counter()
    with subprocess.Popen(command, cwd=tree, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not happened():
            if process.poll() is not None:
                raise EngineFailure(f"{arguments} ended:\n{process.communicate()[1][-4000:]}")
            time.sleep(0.002)
        start = Start(time.perf_counter() - started, cpu_seconds(psutil.Process(process.pid)))
        process.kill()
    return start


@contextmanager
def listening() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server, server.getsockname()[1]


def is_called(server: socket.socket) -> bool:
    with suppress(BlockingIOError):
        return bool(server.accept())
    return False
