"""The old database on the server of the tests, and our Pages."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from conversations.models import Page
from tests.postgres import SERVER

SAMPLE = Path(__file__).with_name("sample.sql")
DATABASE, ROLE = "legacy_sample", "legacy_stranger"


@pytest.fixture(scope="session")
def server(request):
    return request.config.stash[SERVER]


@pytest.fixture(scope="session")
def database(server) -> Iterator[str]:
    """The address of the old database."""
    with server.connect() as admin:
        url = server.url(DATABASE, admin.info.user)
        admin.execute(f"CREATE DATABASE {DATABASE}")
    with psycopg.connect(url) as legacy:
        legacy.execute(SAMPLE.read_text())
    yield url
    with server.connect() as admin:
        admin.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")


@pytest.fixture
def changed_database(server, database) -> Iterator[psycopg.Connection]:
    """A copy of it that a test may change; `url_of_copy` is its address."""
    with server.connect() as admin:
        admin.execute(f"CREATE DATABASE legacy_copy TEMPLATE {DATABASE}")
    with psycopg.connect(url_of_copy(database), autocommit=True) as copy:
        yield copy
    with server.connect() as admin:
        admin.execute("DROP DATABASE legacy_copy WITH (FORCE)")


def url_of_copy(database: str) -> str:
    return database.replace(f"/{DATABASE}?", "/legacy_copy?")


@pytest.fixture
def stranger(server, database) -> Iterator[str]:
    """The address for a role that row security hides the rows from."""
    with server.connect() as admin, psycopg.connect(database, autocommit=True) as legacy:
        admin.execute(f"CREATE ROLE {ROLE}")
        legacy.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {ROLE}")
        yield f"{database}&options=-c%20role%3D{ROLE}"  # the server lets only its own roles log in
        legacy.execute(f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {ROLE}")
        admin.execute(f"DROP ROLE {ROLE}")


@pytest.fixture
def pages(db) -> dict[str, Page]:
    """The two Pages of the old database that Inbox has."""
    ids = {"shop": "900000000000001", "closed": "900000000000002"}
    return {name: Page.objects.create(facebook_page_id=pk, name=name) for name, pk in ids.items()}
