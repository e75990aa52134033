"""A database of the version before the standard names: filled, with an interrupted run and a queued job.

`pg_dump --inserts` of PostgreSQL 15 wrote it after a full sync of the Page below was stopped at its 50th
thread, staff had added tags, set statuses and deleted a person, and the schedule had queued the next sync.
"""

import gzip
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from conversations.sandbox import SandboxServer, World, seed_page
from inbox.postgres import Server
from tests import migrated
from tests.servers import django_connected_to, graph, graph_is, manage, output_of, running, server_of

DUMP = Path(__file__).with_name("before_standard_names.sql.gz")
# A run is resumed only on the day of its interruption, which is now.
INTERRUPTED_NOW = "UPDATE conversations_syncrun SET alive_at = now() WHERE status = 'interrupted'"
ROWS = SQL("SELECT to_jsonb(t) FROM {} AS t")
TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename ~ '^(conversations|tags)_'
"""


@dataclass
class Upgraded:
    """The database after the upgrade, the rows of each table before it, and Facebook's side."""

    server: Server
    url: str
    facebook: SandboxServer
    rows_before: dict[str, list[dict]] = field(default_factory=dict)

    def fetch(self, query: str, *params) -> list[tuple]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, params).fetchall()

    def running(self, *arguments: str) -> AbstractContextManager[None]:
        """manage.py in a process of its own, until the end of the block."""
        return running(self.url, *arguments, **graph(self.facebook))

    def output_of(self, command: str, *arguments: str) -> str:
        """What manage.py prints, in this process, which is quicker."""
        with graph_is(self.facebook), django_connected_to(self.url):
            return output_of(command, *arguments)


@pytest.fixture(scope="package", params=["wheel", "system"])
def server(request) -> Iterator[Server]:
    yield from server_of(request.param)


@pytest.fixture(scope="package")
def facebook() -> Iterator[SandboxServer]:
    """The Page that the dump is a part of: ten threads in each answer."""
    world = World()
    seed_page(
        world,
        world.add_page("900000000000001", "Demo Shop", "EAAupgrade"),
        conversations=60,
        seed=20261128,
    )
    with SandboxServer(world) as sandbox:
        sandbox.switches.max_limit = 10
        yield sandbox


@pytest.fixture(scope="package")
def upgraded(server, facebook, django_db_blocker) -> Iterator[Upgraded]:
    server.create_database("upgraded")
    url = server.url("upgraded")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(gzip.decompress(DUMP.read_bytes()))
        connection.execute("RESET search_path")
        connection.execute(INTERRUPTED_NOW)
        before = all_rows(connection)
    manage(url, "migrate", "--verbosity", "0")
    with django_db_blocker.unblock():
        yield Upgraded(server, url, facebook, before)


@pytest.fixture(scope="package")
def fresh(server) -> str:
    """The address of a new database, in which `migrate` has run."""
    return server.url(migrated.DATABASE)


def all_rows(connection: psycopg.Connection) -> dict[str, list[dict]]:
    """The rows of each of our tables, as JSON and sorted by it."""
    return {
        table: sorted(
            (row for (row,) in connection.execute(ROWS.format(Identifier(table)))),
            key=lambda row: json.dumps(row, sort_keys=True),
        )
        for (table,) in connection.execute(TABLES).fetchall()
    }
