"""pytest plugin: no test sees a row that another test has committed.

After each test the tables that it filled are emptied. This replaces Django's flush after a transactional
test, which empties all tables and creates content types and permissions again, but knows no table of
Procrastinate. And it removes what a test wrote on a connection of its own, which stays when Django rolls the
test's transaction back.

A plugin, not part of conftest.py: so its fixture is set up before those of pytest-django and ends after them.
"""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import TransactionTestCase

from tests.live.shared_web import SharedWeb, uses_shared_web

TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


WORKERS = "public.procrastinate_workers"  # the worker of the shared web process is in it


@pytest.fixture(scope="session")
def beside(django_db_setup, django_db_blocker) -> Iterator[BaseDatabaseWrapper]:
    """A connection outside the transaction of the test; what it writes is committed."""
    with django_db_blocker.unblock():
        own = connection.copy()
        yield own
        own.close()


@pytest.fixture(scope="session")
def empty_tables(beside, django_db_blocker) -> list[str]:
    """The tables that are empty after the migrations."""
    with django_db_blocker.unblock(), beside.cursor() as cursor:
        cursor.execute(TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        filled = filled_of(tables, cursor)
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
        shared_web.stop()
        with django_db_blocker.unblock():
            empty([WORKERS], beside)
    yield
    spared = [WORKERS] if shared_web.is_running else []
    with django_db_blocker.unblock():
        empty_surely([name for name in tables if name not in spared], beside)


def uses_database(request: pytest.FixtureRequest) -> bool:
    return bool(
        request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & {*request.fixturenames}
    )


def empty_surely(tables: list[str], beside: BaseDatabaseWrapper) -> None:
    try:
        empty(tables, beside)
    except OperationalError:  # the test has ended all connections, or a job of the web process was in the way
        beside.close()
        empty(tables, beside)


def empty(tables: list[str], beside: BaseDatabaseWrapper) -> None:
    with beside.cursor() as cursor:
        if filled := filled_of(tables, cursor):
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


def filled_of(tables: list[str], cursor) -> list[str]:
    questions = [f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables]  # noqa: S608 - names of the catalog
    cursor.execute(" UNION ALL ".join(questions))
    return [name for (name,) in cursor.fetchall()]
