"""The database: reachable, with sessions, migrated, whole, with room for connections."""

import time
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg
from django.conf import settings
from django.core import checks
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.template.defaultfilters import filesizeformat

from conversations.lib.sql_files import read_statements
from conversations.management.doctor.check_results import Result, error, ok, warning
from inbox.database.capacity import most_connections

STATEMENTS = read_statements(__file__)
MIN_VERSION = 150000
CONNECT_SECONDS, NOTIFY_SECONDS = 5, 2
NEAR = 0.9  # of the connections that PostgreSQL allows
ENOUGH_BUFFERS = 2**30  # bytes; more is a matter of taste
MOST_OF_BUFFERS = 8  # the database may be so many times as large as what is kept of it
CHANNEL = "inbox_doctor"


def fetch(name: str) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name])
        return cursor.fetchone()


def check_database() -> Iterator[Result]:
    """Whether it can be reached. Errors of libpq name host and port, and no password."""
    try:
        [number] = fetch("version")
    except Error as problem:
        first_line = next(iter(str(problem).splitlines()), "")
        yield error(f"cannot be reached: {first_line}", "Check DATABASE_URL, and whether PostgreSQL runs.")
        return
    text = f"PostgreSQL {number // 10000}.{number % 10000} answers; no extension is needed"
    yield ok(text) if number >= MIN_VERSION else error(text, "Upgrade to PostgreSQL 15 or newer.")


def check_sessions() -> Iterator[Result]:
    """A proxy that pools transactions accepts LISTEN and session locks, and forgets them."""
    with connect() as listener, connect() as other:
        listener.execute(f"LISTEN {CHANNEL}")
        other.execute(f"NOTIFY {CHANNEL}")
        arrived = list(listener.notifies(timeout=NOTIFY_SECONDS, stop_after=1))
    if arrived:
        yield ok("notifications arrive, so sessions are kept")
    else:
        yield error(
            "notifications do not arrive: a proxy that pools transactions is in between",
            "Let DATABASE_URL lead to PostgreSQL itself; the proxy belongs into DATABASE_POOL_URL.",
        )


def connect(address: str = "") -> psycopg.Connection:
    """Return a session of its own. It has nothing of Django's pool."""
    if address:
        return psycopg.connect(
            address, autocommit=True, connect_timeout=CONNECT_SECONDS, prepare_threshold=None
        )
    params = connection.get_connection_params()
    options = {key: params[key] for key in params if key not in ("cursor_factory", "context", "pool")}
    return psycopg.connect(**(options | {"connect_timeout": CONNECT_SECONDS}), autocommit=True)


def check_pool() -> Iterator[Result]:
    """Whether the pooling proxy leads to the same database."""
    address = getattr(settings, "DATABASE_POOL_URL", "")
    if not address:
        yield ok("no pooling proxy (DATABASE_POOL_URL is not set)")
        return
    try:
        with connect(address) as pooled, connect() as direct:
            same = pooled.execute(STATEMENTS["identity"]).fetchone() == (
                direct.execute(STATEMENTS["identity"]).fetchone()
            )
    except psycopg.Error as problem:
        text = f"the proxy of DATABASE_POOL_URL cannot be used ({type(problem).__name__})"
        yield error(text, "Check DATABASE_POOL_URL, and whether the proxy runs.")
        return
    if same:
        yield ok("the proxy leads to the same database")
    else:
        yield error("the proxy leads to another database", "Correct DATABASE_POOL_URL or the proxy.")


def check_migrations() -> Iterator[Result]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        first, _ = plan[0]
        yield error(f"{len(plan)} are missing, the first is {first}", "Run manage.py migrate.")
    else:
        yield ok("all are applied")


def check_schema() -> Iterator[Result]:
    """What `manage.py check --database default` finds missing, such as after a failed restore."""
    found = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
    if not found:
        yield ok("indexes, keys, functions and triggers are there")
    for message in found:
        yield error(str(message.msg), str(message.hint or ""))


def check_connections() -> Iterator[Result]:
    allowed, used = fetch("connections")
    text = f"{used} of {allowed} in use; a process opens up to {most_connections()}"
    if used > NEAR * allowed or most_connections() > NEAR * allowed:
        yield warning(text, "Raise max_connections, or lower DATABASE_POOL_SIZE.")
    else:
        yield ok(text)


def check_memory() -> Iterator[Result]:
    """Whether PostgreSQL may use memory for a large database: its default is for the smallest machines."""
    kept, size = fetch("memory")
    text = f"shared_buffers is {filesizeformat(kept)}, the database has {filesizeformat(size)}"
    if kept < ENOUGH_BUFFERS and size > MOST_OF_BUFFERS * kept:
        yield warning(text, "Set it to a quarter of the memory: docs/deploying.md#settings-of-postgresql")
    else:
        yield ok(text)


def check_time_zone() -> Iterator[Result]:
    """Whether PostgreSQL and Python know the same about TIME_ZONE: days are counted by both."""
    noon = datetime.fromtimestamp(time.time(), ZoneInfo(settings.TIME_ZONE))
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["offset"], {"zone": settings.TIME_ZONE, "moment": noon})
        [seconds] = cursor.fetchone()
    ours = noon.utcoffset()
    if ours is not None and int(seconds) == int(ours.total_seconds()):
        yield ok(f"{settings.TIME_ZONE}, alike in PostgreSQL")
    else:
        yield warning(f"{settings.TIME_ZONE} differs in PostgreSQL", "Update the time zones of both.")
