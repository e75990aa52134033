"""For tests with PostgreSQL servers of their own: manage.py on a database, and the client programs."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from inbox.postgres import PostgresError, Server, throwaway
from inbox.postgres.programs import newest

MANAGE = Path(__file__).parent.parent / "manage.py"


def server_of(only) -> Iterator[Server]:
    """A temporary server with the programs of the wheel or the machine. Without them the test is skipped."""
    try:
        with throwaway(only=only) as server:
            yield server
    except PostgresError as error:
        pytest.skip(str(error))


def manage(url: str, *arguments: str, **variables: str) -> str:
    """The output of manage.py in a process of its own on this database; it must succeed."""
    environment = os.environ | {"DATABASE_URL": url} | variables
    done = subprocess.run(
        [sys.executable, MANAGE, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def program(server: Server, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A client program of the same version as the server."""
    folder = newest(server.owner, server.home, server.only).folder
    return subprocess.run([folder / name, *arguments], capture_output=True, text=True, check=False)


def graph(sandbox) -> dict[str, str]:
    """The variables of a process that calls this sandbox."""
    return {"GRAPH_API_URL": sandbox.url, "GRAPH_CALLS_PER_SECOND": "0"}
