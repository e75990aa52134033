"""A machine that was cut off from the network, whose connections nobody closes, loses its locks in time."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings as django_settings

from conversations.lib.locks import ROWS, SYNC
from inbox.postgres import Server
from inbox.postgres.roles import ADMIN
from tests.crash.networks import Networks, networks
from tests.crash.processes import wait_until
from tests.migrated import DATABASE, migrated_server
from tests.postgres import requested_server

PAGE = 7
GONE_SECONDS = 30  # the contract's
HELD = 4  # the lock, the rows, the long statement, the listener; beside them the pool of the worker
START = """
import sys
from pathlib import Path
from inbox.postgres import Server
Server(Path(sys.argv[1]), durable=False, only=sys.argv[2] or None).start()
"""


@pytest.fixture(scope="module")
def cable() -> Iterator[Networks]:
    with networks() as made:
        yield made


@pytest.fixture(scope="module")
def server(cable) -> Iterator[Server]:
    """A server that also listens in its namespace; this process reaches it by its socket."""
    only = requested_server()
    with migrated_server(only=only) as server:
        with server.connect() as admin:
            admin.execute(f"ALTER SYSTEM SET listen_addresses = '{cable.address}'")
        server.stop()
        command = [*cable.inside(cable.here), sys.executable, "-c", START, str(server.home), only or ""]
        subprocess.run(command, check=True, cwd=django_settings.BASE_DIR)
        with (server.home / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all {ADMIN} 10.213.77.0/24 trust\n")
        with server.connect() as admin:
            admin.execute("SELECT pg_reload_conf()")
        yield server


@pytest.fixture
def holder(cable, server) -> Iterator[subprocess.Popen]:
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{ADMIN}@{cable.address}:5432/{DATABASE}",
        "DJANGO_SETTINGS_MODULE": "inbox.settings",
    }
    process = subprocess.Popen(
        [*cable.inside(cable.there), sys.executable, "-m", "tests.crash.cut_off_holder", str(PAGE)],
        env=environment,
        cwd=django_settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def test_locks_of_a_machine_that_was_cut_off_are_free_within_30_seconds(cable, server, holder):
    with psycopg.connect(server.url(DATABASE), autocommit=True) as ours:

        def sessions() -> int:
            found = ours.execute("SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL")
            return found.fetchall()[0][0]

        def is_free(kind: int) -> bool:
            return ours.execute("SELECT pg_try_advisory_lock(%s, %s)", [kind, PAGE]).fetchall()[0][0]

        assert holder.stdout
        assert holder.stdout.readline() == "holds\n"
        wait_until(lambda: sessions() > HELD, "the pool of the worker is open")
        assert not is_free(SYNC)
        assert not is_free(ROWS)
        cable.cut()
        wait_until(
            lambda: is_free(SYNC) and is_free(ROWS) and not sessions(),
            "another process gets the locks, and nothing of the other is left",
            seconds=GONE_SECONDS,
        )
        assert holder.stdout.readline() == "noticed\n"
