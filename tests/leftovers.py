"""pytest plugin: no test sees a row that another test has committed.

Django empties the tables of its own models after a transactional test, but not Procrastinate's. And what a
test wrote on a connection of its own stays when Django rolls the test's transaction back.

A plugin, not part of conftest.py: so its fixture is set up before those of pytest-django and ends after them.
"""

from collections.abc import Iterator

import pytest
from django.db import OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""


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


@pytest.fixture(autouse=True)
def nothing_stays(request, django_db_blocker) -> Iterator[None]:
    if not uses_database(request):
        yield
        return
    beside, empty_tables = (request.getfixturevalue(name) for name in ("beside", "empty_tables"))
    yield
    with django_db_blocker.unblock():
        try:
            empty(empty_tables, beside)
        except OperationalError:  # the test has ended all connections
            beside.close()
            empty(empty_tables, beside)


def uses_database(request: pytest.FixtureRequest) -> bool:
    return bool(
        request.node.get_closest_marker("django_db") or {"db", "transactional_db"} & {*request.fixturenames}
    )


def empty(tables: list[str], beside: BaseDatabaseWrapper) -> None:
    with beside.cursor() as cursor:
        if filled := filled_of(tables, cursor):
            cursor.execute(f"TRUNCATE {', '.join(filled)} CASCADE")


def filled_of(tables: list[str], cursor) -> list[str]:
    questions = [f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in tables]  # noqa: S608 - names of the catalog
    cursor.execute(" UNION ALL ".join(questions))
    return [name for (name,) in cursor.fetchall()]
