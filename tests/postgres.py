"""pytest plugin: run the tests on a temporary PostgreSQL server, never on existing data.

POSTGRES=wheel or system chooses whose programs it runs with; without it the machine's, else the wheel's.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from typing import get_args

import pytest

from inbox.postgres import PostgresError, Server, throwaway
from inbox.postgres.programs import Only

SERVER = pytest.StashKey[Server]()


def requested_server() -> Only | None:
    """The value of POSTGRES, also for further servers of tests. Raises PostgresError if it is unknown."""
    asked = os.environ.get("POSTGRES", "")
    for known in get_args(Only):
        if asked == known:
            return known
    if asked:
        raise PostgresError(f"POSTGRES is {asked!r}: it must be wheel, system or not set")
    return None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Runs before pytest-django reads the settings."""
    ending = ExitStack()
    early_config.add_cleanup(ending.close)
    try:
        server = ending.enter_context(throwaway(only=requested_server()))
    except PostgresError as error:
        raise pytest.UsageError(str(error)) from None
    early_config.stash[SERVER] = server
    os.environ["DATABASE_URL"] = server.url("postgres")
    os.environ |= {"SECRET_KEY": "known-to-everybody-and-used-by-the-tests-alone", "DEBUG": "0"}
    return (yield)


def pytest_report_header(config: pytest.Config) -> str:
    question = "SELECT current_setting('server_version'), setting FROM pg_config WHERE name = 'BINDIR'"
    with config.stash[SERVER].connect() as connection:
        row = connection.execute(question).fetchone()
    return "PostgreSQL: {} of {}".format(*row or ())
