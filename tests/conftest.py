"""Shared fixtures: a sandbox Graph server with an empty Page, and the same Page connected to Inbox."""

import io
import logging
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from typing import cast
from urllib.parse import urlsplit

import hypothesis
import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import get_commands, load_command_class
from django.db import connection

from conversations import models
from conversations.sandbox import Page, SandboxServer, World
from tests import migrated

# Modules with asserts that are imported by tests: pytest explains their asserts, too.
pytest.register_assert_rewrite(
    "tests.conversations.sync.copies",
    "tests.crash.checks",
    "tests.crash.processes",
    "tests.crash.scenario",
)

# A busy machine generates slowly, which is no fault of a test.
hypothesis.settings.register_profile(
    "suite", deadline=None, max_examples=50, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("suite")

# Hashing with the usual number of rounds takes a third of a second per password, minutes in all.
PBKDF2PasswordHasher.iterations = 1

# Otherwise each test client would scan all static files when it starts.
django_settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Let Django copy the database of the tests from ours. It still runs migrations that are missing."""
    connection.settings_dict["TEST"]["TEMPLATE"] = migrated.DATABASE


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def shop(world) -> Page:
    """The Page at Facebook (the sandbox)."""
    return world.add_page("900000000000001", "Demo Shop")


@pytest.fixture
def sandbox_port() -> int:
    return 0  # any free one


@pytest.fixture
def sandbox(world, shop, settings, sandbox_port):
    with SandboxServer(world, port=sandbox_port) as server:
        settings.GRAPH_API_URL = server.url
        settings.GRAPH_CALLS_PER_SECOND = 0
        settings.GRAPH_RETRY_SECONDS = 0.001
        yield server


@pytest.fixture
def page(db, shop, sandbox) -> models.Page:
    """The same Page in our database."""
    return models.Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def manage(transactional_db, sandbox):
    """Run manage.py in a separate process, with the database and sandbox of the test."""
    environment = environment_of(sandbox)

    def start(*arguments: str, **variables: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, str(django_settings.BASE_DIR / "manage.py"), *arguments],
            env=environment | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(*arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess:
        process = start(*arguments, **variables)
        out, err = process.communicate(stdin, timeout=120)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    run.start, run.url_of = start, url_of
    return run


@pytest.fixture
def command(transactional_db, sandbox):
    """Run a command like manage.py, but in this process, which saves the start of another one.

    The settings are those of this process; variables that are read later (PAGE_ACCESS_TOKEN) can be given.
    """

    def run(name: str, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            for variable, value in ({"PAGE_ACCESS_TOKEN": ""} | variables).items():
                patch.setenv(variable, value)
            code = exit_code_of([name, *arguments], err)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


def exit_code_of(arguments: list[str], err: io.StringIO) -> int:
    """The exit code of a command in this process. Our log goes to `err`, as in a separate process."""
    known = {one.name: one for one in logging.getLogger("conversations").handlers}
    console = cast(logging.StreamHandler, known["console"])
    before = console.setStream(err)
    try:
        load_command_class(get_commands()[arguments[0]], arguments[0]).run_from_argv(
            ["manage.py", *arguments]
        )
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        console.setStream(before)
    return 0


def environment_of(sandbox) -> dict[str, str]:
    """The environment of a process that uses the database and sandbox of the test."""
    return os.environ | {
        "DATABASE_URL": url_of(connection.settings_dict["NAME"]),
        "GRAPH_API_URL": sandbox.url,
        "GRAPH_CALLS_PER_SECOND": "0",
        "PAGE_ACCESS_TOKEN": "",
    }


def url_of(database: str) -> str:
    return urlsplit(django_settings.DATABASE_URL)._replace(path=f"/{database}").geturl()
