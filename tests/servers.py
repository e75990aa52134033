"""For tests with PostgreSQL servers of their own: manage.py on a database, and the client programs."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from conversations.sandbox import SandboxServer
from inbox.postgres import PostgresError, Server
from inbox.postgres.programs import newest
from inbox.settings import database as database_settings
from tests.migrated import migrated_server

MANAGE = Path(__file__).parent.parent / "manage.py"


def server_of(only) -> Iterator[Server]:
    """A temporary server with the programs of the wheel or the machine. Without them the test is skipped."""
    try:
        with migrated_server(only=only) as server:
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


@contextmanager
def running(url: str, *arguments: str, **variables: str) -> Iterator[None]:
    """manage.py in a process of its own on this database, until the end of the block: then it is stopped."""
    environment = os.environ | {"DATABASE_URL": url} | variables
    process = subprocess.Popen(
        [sys.executable, MANAGE, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
        process.terminate()
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


@contextmanager
def django_connected_to(url: str) -> Iterator[None]:
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(database_settings(url))
    ContentType.objects.clear_cache()  # its rows may have other IDs there
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)
        ContentType.objects.clear_cache()


@contextmanager
def graph_is(sandbox: SandboxServer) -> Iterator[None]:
    """Let this process call the sandbox."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "GRAPH_API_URL", sandbox.url)
        patch.setattr(settings, "GRAPH_CALLS_PER_SECOND", 0)
        yield


def output_of(command: str, *arguments: str) -> str:
    """What a command prints, in this process: that saves the start of another one."""
    output = io.StringIO()
    call_command(command, *arguments, stdout=output)
    return output.getvalue()


def program(server: Server, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A client program of the same version as the server."""
    folder = newest(server.owner, server.home, server.only).folder
    return subprocess.run([folder / name, *arguments], capture_output=True, text=True, check=False)


def schema(server: Server, url: str) -> list[str]:
    """The schema as SQL, without the commands of psql, which have a random key."""
    done = program(server, "pg_dump", "--schema-only", "--no-owner", url)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("\\")]


def graph(sandbox) -> dict[str, str]:
    """The variables of a process that calls this sandbox."""
    return {"GRAPH_API_URL": sandbox.url, "GRAPH_CALLS_PER_SECOND": "0"}
