"""The private PostgreSQL of one run: durable, with databases made from templates, and its counters."""

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

from inbox.postgres import Server, throwaway

ROOT = Path(__file__).parents[2]
TEMPLATE = "bench_template"  # with Inbox's tables, empty
SECRET_KEY = "known-to-everybody-and-used-by-the-benchmarks-alone"
# What a sync writes about itself; all other tables hold what it was for.
BOOKKEEPING = {"conversations_syncrun", "conversations_page", "conversations_callbudget"}

# At a commit PostgreSQL asks itself one for each row whose foreign key is checked there.
FOREIGN_KEY_CHECK = "SELECT % FROM ONLY % FOR KEY SHARE OF x"


@dataclass(frozen=True)
class Counters:
    """Statements, written rows by table, and CPU seconds of all processes, since the server's start."""

    statements: int | None  # None: the extension that counts them is not there
    rows: dict[str, int]
    cpu: float

    def __sub__(self, before: "Counters") -> "Counters":
        counted = self.statements is not None
        rows = {table: number - before.rows.get(table, 0) for table, number in self.rows.items()}
        return Counters(
            (self.statements or 0) - (before.statements or 0) if counted else None,
            {table: number for table, number in rows.items() if number},
            self.cpu - before.cpu,
        )


class Cluster:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.counts_statements = self._start_counting()
        self.version = self._ask("SHOW server_version")[0][0].split()[0]
        self.create(TEMPLATE)
        self.manage(TEMPLATE, "migrate", "--verbosity", "0")

    def url(self, database: str) -> str:
        return self.server.url(database)

    def create(self, database: str, template: str = "template0") -> None:
        """A database of this name, without what an older one of this name held."""
        self.drop(database)
        self._wait_for_clients(template)
        names = sql.Identifier(database), sql.Identifier(template)
        with self.server.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
            connection.execute("CHECKPOINT")  # what was written for others is on nobody's clock

    def drop(self, database: str) -> None:
        statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
        with self.server.connect() as connection:
            connection.execute(statement)

    def manage(self, database: str, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.environment(database), check=True
        )

    def environment(self, database: str) -> dict[str, str]:
        settings = {"DATABASE_URL": self.url(database), "SECRET_KEY": SECRET_KEY, "DEBUG": "0"}
        return os.environ | settings | {"DJANGO_SETTINGS_MODULE": "inbox.settings"}

    def count(self, database: str, table: str) -> int:
        """The rows of a table."""
        question = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        with psycopg.connect(self.url(database)) as connection:
            return connection.execute(question).fetchall()[0][0]

    def counters(self, database: str, *, at_the_end: bool = True) -> Counters:
        """What was counted in it so far; at the end when its connections have ended and reported theirs."""
        if at_the_end:
            self._wait_for_clients(database)
        cpu = self._cpu() if at_the_end else 0.0
        statements = self._statements(database)  # first: looking at tables is a statement there, too
        rows = self._rows(database)
        return Counters(statements, rows, cpu if at_the_end else self._cpu())

    def _start_counting(self) -> bool:
        name = "pg_stat_statements"
        if not self._ask("SELECT 1 FROM pg_available_extensions WHERE name = %s", name):
            return False
        self._ask(f"ALTER SYSTEM SET shared_preload_libraries = '{name}'")
        self.server.stop()
        self.server.start()
        self._ask(f"CREATE EXTENSION {name}")
        return True

    def _ask(self, question: str, *values: str) -> list[tuple]:
        with self.server.connect() as connection:
            found = connection.execute(question.encode(), values or None)
            return found.fetchall() if found.description else []

    def _statements(self, database: str) -> int | None:
        if not self.counts_statements:
            return None
        question = (
            "SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements"
            " JOIN pg_database ON pg_database.oid = dbid WHERE datname = %s AND query NOT LIKE %s"
        )
        return self._ask(question, database, FOREIGN_KEY_CHECK)[0][0]

    def _rows(self, database: str) -> dict[str, int]:
        question = "SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables"
        with psycopg.connect(self.url(database)) as connection:
            return dict(connection.execute(question).fetchall())

    def _cpu(self) -> float:
        """Of those that run, and of those that the postmaster has seen end."""
        postmaster = psutil.Process(int(self.server.pid_file_line(0)))
        while True:
            children = postmaster.children()
            with suppress(psutil.NoSuchProcess):
                seconds = sum(cpu_seconds(process) for process in (postmaster, *children))
                ended = postmaster.cpu_times().children_user + postmaster.cpu_times().children_system
                if postmaster.children() == children:  # none ended meanwhile, to be counted twice or never
                    return seconds + ended

    def _wait_for_clients(self, database: str) -> None:
        question = "SELECT FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
        with self.server.connect() as connection:
            while connection.execute(question, [database]).rowcount:
                time.sleep(0.01)


def cpu_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for this run; it and its data are removed at the end."""
    with throwaway(durable=True) as server:
        yield Cluster(server)
