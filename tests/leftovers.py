"""pytest plugin: no test sees a row that another test has committed.

After each test the tables that it filled are emptied. This replaces Django's flush after a transactional
test, which empties all tables and creates content types and permissions again, but knows no table of
Procrastinate. And it removes what a test wrote on a connection of its own, which stays when Django rolls the
test's transaction back.

A plugin, not part of conftest.py: so its fixture is set up before those of pytest-django and ends after them.
"""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from tests.live.shared_web import SharedWeb, uses_shared_web

TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
# A few rows are deleted, without triggers and checks: TRUNCATE makes a file for each table and index, which
# takes ten times as long. Like it, the lock waits for whoever still writes.
WITHOUT_TRIGGERS = "-c session_replication_role=replica"  # to set it later would discard what is prepared
DELETION = """
    BEGIN;
    LOCK TABLE {tables} IN EXCLUSIVE MODE;
    {deletes}
    COMMIT
"""
MAX_DELETED_BYTES = 200_000  # of a table; deleted rows stay in the file, and it may not grow without bound
STATEMENT = "filled_tables"
WORKERS = "public.procrastinate_workers"  # the worker of the shared web process is in it


@pytest.fixture(scope="session")
def beside(django_db_setup, django_db_blocker) -> Iterator[BaseDatabaseWrapper]:
    """A connection outside the transaction of the test; what it writes is committed. No trigger runs."""
    with django_db_blocker.unblock():
        own = connection.copy()
        own.settings_dict["OPTIONS"]["options"] = WITHOUT_TRIGGERS
        yield own
        own.close()


@pytest.fixture(scope="session")
def empty_tables(beside, django_db_blocker) -> list[str]:
    """The tables that are empty after the migrations."""
    with django_db_blocker.unblock(), beside.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        cursor.execute(filled_tables(tables))
        filled = dict(cursor.fetchall())
    return [name for name in tables if name not in filled]


@pytest.fixture(scope="session", autouse=True)
def no_flush() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: None)
        yield


@pytest.fixture(autouse=True)
def nothing_stays(request, django_db_blocker) -> Iterator[None]:
    if not uses_database(request):
        yield
        return
    beside, tables = (request.getfixturevalue(name) for name in ("beside", "empty_tables"))
    shared_web: SharedWeb = request.getfixturevalue("shared_web")
    if shared_web.is_running and not uses_shared_web(request.node):
        with django_db_blocker.unblock():
            stop_web(shared_web, tables, beside)
    yield
    spared = [WORKERS] if shared_web.is_running else []
    with django_db_blocker.unblock():
        empty_surely(tables, beside, spared)


def stop_web(shared_web: SharedWeb, tables: list[str], beside: BaseDatabaseWrapper) -> None:
    """Stop the process, and empty what it wrote since: its worker, and what late requests left."""
    shared_web.stop()
    empty_surely(tables, beside, [])


def uses_database(request: pytest.FixtureRequest) -> bool:
    return bool(
        request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & {*request.fixturenames}
    )


def empty_surely(tables: list[str], beside: BaseDatabaseWrapper, spared: list[str]) -> None:
    try:
        empty(tables, beside, spared)
    except OperationalError:  # the test has ended all connections, or a job of the web process was in the way
        beside.close()
        empty(tables, beside, spared)


def empty(tables: list[str], beside: BaseDatabaseWrapper, spared: list[str]) -> None:
    with beside.cursor() as cursor:
        filled = {name: size for name, size in filled_of(tables, cursor).items() if name not in spared}
        if not filled:
            return
        if max(filled.values()) > MAX_DELETED_BYTES:
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")
        else:
            deletes = "".join(f"DELETE FROM {name};" for name in filled)  # noqa: S608 - names of the catalog
            cursor.execute(DELETION.format(tables=", ".join(filled), deletes=deletes))


def filled_of(tables: list[str], cursor) -> dict[str, int]:
    """Which of these tables have rows, and their bytes. Prepared: planning takes longer than running it."""
    try:
        cursor.execute(f"EXECUTE {STATEMENT}")
    except ProgrammingError:  # not prepared on this connection
        cursor.execute(f"PREPARE {STATEMENT} AS {filled_tables(tables)}")
        cursor.execute(f"EXECUTE {STATEMENT}")
    return dict(cursor.fetchall())


def filled_tables(tables: list[str]) -> str:
    """The statement that returns those of the tables that have rows, and their bytes."""
    question = "SELECT '{0}', pg_relation_size('{0}') WHERE EXISTS (SELECT FROM {0})"
    return " UNION ALL ".join(question.format(name) for name in tables)
