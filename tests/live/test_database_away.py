"""A web process whose PostgreSQL goes away: it ends when it is told to, and works again when that is back."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
import requests
from django.contrib.auth import get_user_model
from rest_framework.authtoken.models import Token

from conversations import models
from conversations.sandbox import faults
from tests.murder.conftest import database  # noqa: F401 - a fixture
from tests.murder.victims import Database, wait_until

from ..conftest import environment_of
from .conftest import Web

END_SECONDS = 5  # of the contract


@pytest.fixture
def key(database: Database) -> dict[str, str]:  # noqa: F811
    boss = get_user_model().objects.create_superuser("boss")
    return {"Authorization": f"Token {Token.objects.create(user=boss).key}"}


@pytest.fixture
def page(database: Database, shop) -> models.Page:  # noqa: F811
    return models.Page.objects.create(facebook_page_id=shop.id, access_token=shop.token)


@pytest.fixture
def web(database: Database, sandbox, open_stream) -> Iterator[Web]:  # noqa: F811
    web = Web(environment_of(sandbox) | {"DATABASE_URL": database.url, "SYNC_EVERY_MINUTES": "0"})
    yield web
    web.process.kill()
    web.process.wait()


@pytest.fixture
def sync(web, page, key, open_stream) -> Callable:
    def begin():
        url = f"{web.url}/api/conversations/sync-stream"
        return open_stream("POST", url, key, {"pageId": page.pk})

    return begin


def has_noticed(web: Web) -> Callable[[], bool]:
    return lambda: "Progress is not heard" in web.log


def is_not_ready(web: Web) -> Callable[[], bool]:
    return lambda: requests.get(f"{web.url}/readyz", timeout=10).status_code == 503


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_with_a_sync_and_streams_open(web, database, world, shop, sandbox, sync, number):  # noqa: F811
    for _ in range(350):
        world.add_conversation(shop)
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    web.wait_until_ready()
    sync().wait_for(lambda state: state["synced"] == 200)
    database.stop_at_once()
    web.process.send_signal(number)
    web.process.wait(END_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_when_the_database_has_been_away_for_a_while(web, database, number):  # noqa: F811
    web.wait_until_ready()
    database.stop_at_once()
    wait_until(has_noticed(web), "the listener does not notice")
    web.process.send_signal(number)
    web.process.wait(END_SECONDS)


def test_it_ends_in_time_while_a_worker_is_tried_again_and_again(web, database):  # noqa: F811
    web.stop()
    database.stop_at_once()
    web.start()
    wait_until(lambda: "The worker stopped" in web.log, "no worker was tried")
    web.process.send_signal(signal.SIGTERM)
    web.process.wait(END_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_in_time_when_the_database_does_not_answer(web, database, sync, number):  # noqa: F811
    """All its processes are halted: connections stay open, and nothing comes back."""
    web.wait_until_ready()
    halted = database.others()
    for pid in halted:
        os.kill(pid, signal.SIGSTOP)
    try:
        web.process.send_signal(number)
        web.process.wait(END_SECONDS)
    finally:
        for pid in halted:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_it_hears_and_works_again_by_itself(web, database, world, shop, page, sync):  # noqa: F811
    web.wait_until_ready()
    database.stop_at_once()
    wait_until(is_not_ready(web), "it says that it is ready without a database")
    world.add_conversation(shop)
    database.start()
    web.wait_until_ready()
    assert sync().wait_for(lambda state: state["status"] != "queued")  # heard from whoever works
    # The old worker, on its way out, may take the job with it: then the new one goes on.
    wait_until(lambda: page.runs.filter(status="complete").exists(), "nobody works again")
    assert page.conversations.count() == 1
