"""The cast: a sandbox Graph server with an empty Page, and the same Page connected to us."""

import os
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from conversations import models
from conversations.sandbox import Page, SandboxServer, World

# A password's hash says with how many rounds it was made: a third of a second each would be minutes in all.
PBKDF2PasswordHasher.iterations = 1


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def shop(world) -> Page:
    """The Page at Facebook."""
    return world.add_page("900000000000001", "Demo Shop")


@pytest.fixture
def sandbox(world, shop, settings):
    with SandboxServer(world) as server:
        settings.GRAPH_API_URL = server.url
        settings.GRAPH_CALLS_PER_SECOND = 0
        settings.GRAPH_RETRY_SECONDS = 0.001
        yield server


@pytest.fixture
def budgets_are_forgotten(db):
    """They are written on a connection of their own: what a test closed would be closed for the next."""
    yield
    own = connection.copy()
    try:
        with own.cursor() as cursor:
            cursor.execute("DELETE FROM conversations_callbudget")
    finally:
        own.close()


@pytest.fixture
def page(db, budgets_are_forgotten, shop, sandbox) -> models.Page:
    """The Page with us."""
    return models.Page.objects.create(facebook_page_id=shop.id, name=shop.name, access_token=shop.token)


@pytest.fixture
def manage(transactional_db, sandbox):
    """Runs manage.py in a process of its own, on the test's database and sandbox."""
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
        out, err = process.communicate(stdin, timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    run.start, run.url_of = start, url_of
    return run


def environment_of(sandbox) -> dict[str, str]:
    """What a process of ours needs to work on the test's database and sandbox."""
    return os.environ | {
        "DATABASE_URL": url_of(connection.settings_dict["NAME"]),
        "GRAPH_API_URL": sandbox.url,
        "GRAPH_CALLS_PER_SECOND": "0",
        "PAGE_ACCESS_TOKEN": "",
    }


def url_of(database: str) -> str:
    return urlsplit(django_settings.DATABASE_URL)._replace(path=f"/{database}").geturl()


@pytest.fixture(autouse=True)
def static_files_are_looked_up_when_asked_for(settings):
    """Not all of them by each test client at its start."""
    settings.WHITENOISE_AUTOREFRESH = True
