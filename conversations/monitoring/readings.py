"""Reads the numbers of this installation, a few statements in all, however large it is.

One thread of a process reads at a time, and others get what it has read, so asking often costs nothing more.
The connection is not from the pool, which requests may hold, and its time is limited.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.db import Error
from django.db.backends.base.base import BaseDatabaseWrapper

from conversations.lib.sql_files import read_statements
from conversations.monitoring.reports import bounded_connection, exchange, own_numbers

STATEMENTS = read_statements(__file__)
FRESH_SECONDS = 3.0  # so long the same readings serve everybody; less than the interval of any scrape
ALL_SECONDS = 4.0  # of all statements
LIMIT = 10_000  # counts stop there: of more it matters only that they are many
TABLES = [
    "conversations_conversation",
    "conversations_interactionevent",
    "conversations_messageindexchunk",
    "conversations_messageindexqueue",
    "conversations_thread",
    "conversations_syncrun",
    "conversations_webhookdelivery",
    "conversations_outgoingmessage",
    "procrastinate_jobs",
]


@dataclass(frozen=True)
class DatabaseReading:
    """Bytes and seconds; `connections` of this database by state, `all_connections` of the server."""

    size_bytes: int
    max_connections: int
    all_connections: int
    connections: Mapping[str, int]
    oldest_transaction_seconds: float
    commits: int
    rollbacks: int
    deadlocks: int


@dataclass(frozen=True)
class Backlog:
    """What waits. Counts are at most LIMIT, ages are those of the oldest, 0 if there is none."""

    index_queue: int
    index_lag_seconds: float
    webhooks: int
    unassigned_webhook_seconds: float
    outbox_lag_seconds: float
    failed_jobs: int
    workers: int
    bulk_operations: int
    exports: int


@dataclass(frozen=True)
class PageReading:
    """A Page. `sync_age_seconds`: since the last complete sync; if there is none, since it was connected."""

    id: int
    facebook_id: str
    name: str
    is_connected: bool
    access_seconds: float | None  # until the access ends; None: never, or unknown
    live_state: str
    delivery_age_seconds: float | None  # None: no webhook has come yet
    was_synced: bool
    sync_age_seconds: float
    run_status: str | None
    is_syncing: bool
    conversations: int
    messages: int
    webhook_lag_seconds: float


@dataclass(frozen=True)
class BudgetReading:
    """The calls of one Page and platform, to read or to send, since it is known."""

    facebook_id: str
    platform: str
    kind: str
    calls: int
    waited_seconds: float
    throttled: int
    transient: int
    refused: int
    closed_seconds: float


@dataclass(frozen=True)
class QueueReading:
    name: str
    waiting: int
    working: int
    age_seconds: float  # of the oldest that waits


@dataclass(frozen=True)
class OutboxReading:
    state: str
    number: int


@dataclass(frozen=True)
class AlertReading:
    facebook_id: str
    cause: str


@dataclass(frozen=True)
class TableReading:
    name: str
    inserted: int
    updated: int
    deleted: int
    dead_rows: int
    size_bytes: int


@dataclass(frozen=True)
class Readings:
    """All numbers at one moment. `database` and `backlog` are None while PostgreSQL does not answer.

    `processes` has the numbers of each web process and worker (ProcessNumbers.snapshot), this one included.
    """

    processes: Mapping[str, dict]
    database: DatabaseReading | None = None
    backlog: Backlog | None = None
    pages: list[PageReading] = field(default_factory=list)
    budgets: list[BudgetReading] = field(default_factory=list)
    queues: list[QueueReading] = field(default_factory=list)
    outbox: list[OutboxReading] = field(default_factory=list)
    alerts: list[AlertReading] = field(default_factory=list)
    tables: list[TableReading] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        """Whether PostgreSQL has answered everything."""
        return self.database is not None and self.backlog is not None


MANY: dict[str, type] = {  # name of the statement and of the field → one row
    "pages": PageReading,
    "budgets": BudgetReading,
    "queues": QueueReading,
    "outbox": OutboxReading,
    "alerts": AlertReading,
    "tables": TableReading,
}


class TooLate(Exception):
    """All statements together take too long."""


class Reader:
    """Reads at most once in FRESH_SECONDS."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: Readings | None = None
        self._read_at = 0.0

    def readings(self) -> Readings:
        if not self._lock.acquire(timeout=ALL_SECONDS):  # the thread that reads hangs with its server
            return Readings(processes=own_numbers())
        try:
            if self._readings is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                self._readings = read()
                self._read_at = time.monotonic()
            return self._readings
        finally:
            self._lock.release()

    def forget(self) -> None:
        """Let the next one who asks get new numbers."""
        self._readings = None


reader = Reader()


def read() -> Readings:
    """Read everything now. While PostgreSQL does not answer, only what this process knows."""
    with closing(bounded_connection()) as connection:
        try:
            return read_all(connection)
        except (Error, TooLate):
            return Readings(processes=own_numbers())


def read_all(connection: BaseDatabaseWrapper) -> Readings:
    deadline = time.monotonic() + ALL_SECONDS
    values: dict[str, Any] = {name: [] for name in ("database", "backlog", *MANY)}
    for name in values:
        values[name] = [*rows(connection, name)]
        if time.monotonic() > deadline:
            raise TooLate
    [database], [backlog] = values["database"], values["backlog"]
    return Readings(
        processes=exchange(connection),
        database=DatabaseReading(**database | {"connections": json.loads(database["connections"])}),
        backlog=Backlog(**backlog),
        **{name: [row(**one) for one in values[name]] for name, row in MANY.items()},
    )


def rows(connection: BaseDatabaseWrapper, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a statement as dictionaries."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], {"limit": LIMIT, "tables": TABLES})
        columns = [column.name for column in cursor.description or ()]
        for row in cursor.fetchall():
            yield dict(zip(columns, row, strict=True))
