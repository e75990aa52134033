"""pytest plugin: the tests run on a PostgreSQL of their own that ends with them, never on anyone's data."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from inbox.postgres import PostgresError, throwaway


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Before pytest-django reads the settings."""
    ending = ExitStack()
    early_config.add_cleanup(ending.close)
    try:
        server = ending.enter_context(throwaway())
    except PostgresError as error:
        raise pytest.UsageError(str(error)) from None
    os.environ["DATABASE_URL"] = server.url("postgres")
    os.environ |= {"SECRET_KEY": "known-to-everybody-and-used-by-the-tests-alone", "DEBUG": "0"}
    return (yield)
