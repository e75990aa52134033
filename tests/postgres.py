"""pytest plugin: run the tests on a temporary PostgreSQL server, never on existing data.

POSTGRES=wheel or system chooses whose programs it runs with; without it the machine's, else the wheel's.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from typing import get_args

import pytest

from inbox.postgres import PostgresError, Server
from inbox.postgres.owner import of_new_data
from inbox.postgres.programs import Only, newest
from inbox.postgres.throwaway import temporary_home

from .migrated import MigrationsFailed, migrated_server

SERVER = pytest.StashKey[Server]()
PROGRAMS = pytest.StashKey[str]()  # for the header


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
        os.environ["DATABASE_URL"] = start_server(early_config, ending)
    except (PostgresError, MigrationsFailed) as error:
        raise pytest.UsageError(str(error)) from None
    os.environ |= {"SECRET_KEY": "known-to-everybody-and-used-by-the-tests-alone", "DEBUG": "0"}
    os.environ["HISTORY_DONE_BEFORE"] = "0"  # the messages of most tests are old; test_history.py has others
    return (yield)


def start_server(config: pytest.Config, ending: ExitStack) -> str:
    """Return the address of the server. A process that only starts workers needs none."""
    only = requested_server()
    if has_workers(config):
        config.stash[PROGRAMS] = programs_of_workers(only)
        return "postgresql:///unused"
    server = config.stash[SERVER] = ending.enter_context(migrated_server(only=only))
    return server.url("postgres")


def programs_of_workers(only: Only | None) -> str:
    """Raises PostgresError if there are none, which is clearer here than from each worker."""
    home = temporary_home()
    try:
        found = newest(of_new_data(), home, only)
    finally:
        shutil.rmtree(home)
    return f"{found.major} of {found.folder}"


def has_workers(config: pytest.Config) -> bool:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    return bool(getattr(config.known_args_namespace, "numprocesses", None)) and not is_worker


def pytest_report_header(config: pytest.Config) -> str:
    if PROGRAMS in config.stash:
        return f"PostgreSQL: {config.stash[PROGRAMS]}"
    question = "SELECT current_setting('server_version'), setting FROM pg_config WHERE name = 'BINDIR'"
    with config.stash[SERVER].connect() as connection:
        row = connection.execute(question).fetchone()
    return "PostgreSQL: {} of {}".format(*row or ())
