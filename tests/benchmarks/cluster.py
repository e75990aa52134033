"""The private, durable PostgreSQL server of one run: its databases and its counters."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from inbox.postgres import Server
from tests import migrated

ROOT = Path(__file__).parents[2]
TEMPLATE = "bench_template"  # with the empty tables of Inbox
SECRET_KEY = "public-and-used-only-by-the-benchmarks"
# Tables with rows that a sync writes about itself.
BOOKKEEPING = {"conversations_syncrun", "conversations_page", "conversations_callbudget"}

# PostgreSQL itself runs this statement at a commit, for each row whose foreign key is checked then.
FOREIGN_KEY_CHECK = "SELECT % FROM ONLY % FOR KEY SHARE OF x"


@dataclass(frozen=True)
class Counters:
    """Statements, written rows by table, and CPU seconds of all processes, since the start of the server."""

    statements: int | None  # None: the extension pg_stat_statements is not installed
    rows: dict[str, int]
    cpu: float

    def __sub__(self, before: "Counters") -> "Counters":
        is_counted = self.statements is not None
        rows = {table: number - before.rows.get(table, 0) for table, number in self.rows.items()}
        return Counters(
            (self.statements or 0) - (before.statements or 0) if is_counted else None,
            {table: number for table, number in rows.items() if number},
            self.cpu - before.cpu,
        )


class Cluster:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.counts_statements = self._enable_statement_counter()
        self.version = self._query("SHOW server_version")[0][0].split()[0]
        self.create(TEMPLATE, migrated.DATABASE)

    def url(self, database: str) -> str:
        return self.server.url(database)

    def create(self, database: str, template: str = "template0") -> None:
        """Create a database, or replace the one of this name."""
        self.drop(database)
        self._wait_for_clients(template)
        names = sql.Identifier(database), sql.Identifier(template)
        with self.server.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
            connection.execute("CHECKPOINT")  # so that no measurement includes earlier writes

    def drop(self, database: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        with self.server.connect() as connection:
            connection.execute(statement)

    def manage(self, database: str, *arguments: str, **settings: str) -> None:
        environment = self.environment(database) | settings
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, check=True)

    def environment(self, database: str) -> dict[str, str]:
        settings = {"DATABASE_URL": self.url(database), "SECRET_KEY": SECRET_KEY, "DEBUG": "0"}
        return os.environ | settings | {"DJANGO_SETTINGS_MODULE": "inbox.settings"}

    def count(self, database: str, table: str) -> int:
        """Return the number of rows of a table."""
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        with psycopg.connect(self.url(database)) as connection:
            return connection.execute(query).fetchall()[0][0]

    def counters(self, database: str, *, at_end: bool = True) -> Counters:
        """Return the counters so far. At the end, first wait until all connections have reported theirs."""
        if at_end:
            self._wait_for_clients(database)
        cpu = self._cpu() if at_end else 0.0
        statements = self._statements(database)  # first, because the query of the tables is a statement, too
        rows = self._rows(database)
        return Counters(statements, rows, cpu if at_end else self._cpu())

    def _enable_statement_counter(self) -> bool:
        name = "pg_stat_statements"
        if not self._query("SELECT 1 FROM pg_available_extensions WHERE name = %s", name):
            return False
        self._query(f"ALTER SYSTEM SET shared_preload_libraries = '{name}'")
        self.server.stop()
        self.server.start()
        self._query(f"CREATE EXTENSION {name}")
        return True

    def _query(self, query: str, *values: str) -> list[tuple]:
        with self.server.connect() as connection:
            result = connection.execute(query.encode(), values or None)
            return result.fetchall() if result.description else []

    def _statements(self, database: str) -> int | None:
        if not self.counts_statements:
            return None
        query = (
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
            " JOIN pg_database ON pg_database.oid = dbid WHERE datname = %s AND query NOT LIKE %s"
        )
        return self._query(query, database, FOREIGN_KEY_CHECK)[0][0]

    def _rows(self, database: str) -> dict[str, int]:
        query = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
        with psycopg.connect(self.url(database)) as connection:
            return dict(connection.execute(query).fetchall())

    def _cpu(self) -> float:
        """Return the CPU time of the running processes and of those that have ended."""
        postmaster = psutil.Process(int(self.server.pid_file_line(0)))
        while True:
            children = postmaster.children()
            with suppress(psutil.NoSuchProcess):
                seconds = sum(cpu_seconds(process) for process in (postmaster, *children))
                ended = postmaster.cpu_times().children_user + postmaster.cpu_times().children_system
                if (
                    postmaster.children() == children
                ):  # otherwise one has just ended and may be missing or counted twice
                    return seconds + ended

    def _wait_for_clients(self, database: str) -> None:
        query = "SELECT FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        with self.server.connect() as connection:
            while connection.execute(query, [database]).rowcount:
                time.sleep(0.01)


def cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a server for this run. The server and its data are removed at the end."""
    with migrated.migrated_server(durable=True) as server:
        yield Cluster(server)
