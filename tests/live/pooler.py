"""A real PgBouncer in front of the database of a test, with the example of deploy/ as its configuration."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from inbox.postgres import Server
from inbox.postgres.roles import ADMIN
from tests.live.process import free_port

EXAMPLE = settings.BASE_DIR / "deploy" / "pgbouncer.ini"
SESSIONS = 3  # of PostgreSQL: so few that transactions of all threads change them all the time
START_SECONDS = 60


@contextmanager
def pgbouncer(server: Server, database: str = "", *, sessions: int = SESSIONS) -> Iterator[str]:
    """Yield the address of the pooler. PostgreSQL logs every statement that comes through it.

    `database`: of the server; by default that of the test.
    """
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or "pgbouncer"
    if shutil.which(program) is None and os.environ.get("CI") != "true":
        pytest.skip("pgbouncer is not installed")
    port, folder = free_port(), server.home
    path = folder / f"pgbouncer-{port}.ini"
    path.write_text(configuration(server, database or connection.settings_dict["NAME"], port, sessions))
    path.chmod(0o644)
    log = (folder / f"pgbouncer-{port}.log").open("w")
    process = subprocess.Popen([program, str(path)], stdout=log, stderr=log, cwd="/", **as_owner(server))
    url = f"postgresql://{ADMIN}@127.0.0.1:{port}/inbox"
    try:
        wait_until_up(url, process, Path(log.name))
        yield url
    finally:
        process.kill()
        process.wait()
        log.close()


def configuration(server: Server, database: str, port: int, sessions: int) -> str:
    text = EXAMPLE.read_text()
    place = f"host={server.socket_folder} port=5432 dbname={database} user={ADMIN}"
    changes = {
        r"host=127\.0\.0\.1 port=5432 dbname=inbox": place,
        r"connect_query='": "connect_query='SET log_statement = ''all''; ",
        r"listen_port = 6432": f"listen_port = {port}",
        r"auth_type = .*": "auth_type = any",
        r"auth_file = .*": "",
        r"default_pool_size = 20": f"default_pool_size = {sessions}",
    }
    for before, after in changes.items():
        text, number = re.subn(before, after, text)
        assert number, f"deploy/pgbouncer.ini has no {before}"
    return text


def as_owner(server: Server) -> dict[str, Any]:
    """PgBouncer refuses root, too, and PostgreSQL knows the user of its data by its socket."""
    owner = server.owner
    return {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner.is_someone_else else {}


def wait_until_up(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not is_up(url):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def is_up(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url, connect_timeout=5):
        return True
    return False
