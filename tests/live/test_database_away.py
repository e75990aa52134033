"""A web process without its PostgreSQL can be stopped, and works again when PostgreSQL is back."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import pytest
import requests
from django.contrib.auth import get_user_model

from conversations import models
from conversations.sandbox import faults
from tests.conftest import environment_of
from tests.crash.conftest import database, postgres_server  # noqa: F401 - fixtures
from tests.crash.processes import Database, wait_until
from tests.factories import PageFactory, new_key
from tests.machine import in_time

from .process import Web

END_SECONDS = 5  # of the contract


@pytest.fixture
def key(database: Database) -> dict[str, str]:  # noqa: F811 - a fixture, imported
    boss = get_user_model().objects.create_superuser("boss")
    return {"Authorization": f"Token {new_key(boss)}"}


@pytest.fixture
def page(database: Database, shop) -> models.Page:  # noqa: F811 - a fixture, imported
    return PageFactory(facebook_page_id=shop.id, access_token=shop.token)


@pytest.fixture
def start_web(database: Database, sandbox, open_stream) -> Iterator[Callable[[], Web]]:  # noqa: F811 - a fixture, imported
    started: list[Web] = []

    def start() -> Web:
        started.append(
            Web(environment_of(sandbox) | {"DATABASE_URL": database.url, "SYNC_EVERY_MINUTES": "0"})
        )
        return started[-1]

    yield start
    for web in started:
        web.process.kill()
        web.process.wait()


@pytest.fixture
def web(start_web) -> Web:
    return start_web()


@pytest.fixture
def each_signal(start_web) -> dict[int, Web]:
    """A web process for each signal that ends one."""
    webs: dict[int, Web] = {number: start_web() for number in (signal.SIGTERM, signal.SIGINT)}
    for web in webs.values():
        web.wait_until_ready()
    return webs


def end_in_time(webs: dict[int, Web]) -> None:
    for number, web in webs.items():
        web.process.send_signal(number)
    in_time(END_SECONDS, lambda seconds: wait_for_all(webs.values(), seconds))


def wait_for_all(webs: Iterable[Web], seconds: float) -> None:
    until = time.monotonic() + seconds
    for web in webs:
        web.process.wait(max(0, until - time.monotonic()))


@pytest.fixture
def sync(web, page, key, open_stream) -> Callable:
    def begin():
        url = f"{web.url}/api/conversations/sync-stream"
        return open_stream("POST", url, key, {"pageId": page.pk})

    return begin


def has_noticed(web: Web) -> Callable[[], bool]:
    return lambda: "listens for progress was lost" in web.log


def is_not_ready(web: Web) -> Callable[[], bool]:
    return lambda: requests.get(f"{web.url}/readyz", timeout=60).status_code == 503


def exports(web: Web, is_up: int) -> Callable[[], bool]:
    """Whether /metrics says so of the database; it answers always, with what the process knows."""

    def has_number() -> bool:
        response = requests.get(f"{web.url}/metrics", timeout=60)
        assert response.status_code == 200
        assert "inbox_process_memory_bytes{" in response.text
        return f"inbox_database_up {is_up}.0" in response.text

    return has_number


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_process_ends_in_time_with_a_sync_and_streams_open(web, database, world, shop, sandbox, sync, number):  # noqa: F811 - a fixture, imported
    for _ in range(350):
        world.add_conversation(shop)
    sandbox.faults.add(faults.hang(), after=1, path="/conversations.*&after=")
    web.wait_until_ready()
    sync().wait_for(lambda state: state["synced"] == 200)
    database.stop_immediately()
    end_in_time({number: web})


def test_process_ends_in_time_when_the_database_has_been_away_for_a_while(each_signal, database):  # noqa: F811 - a fixture, imported
    database.stop_immediately()
    for web in each_signal.values():
        wait_until(has_noticed(web), "the listener does not notice")
    end_in_time(each_signal)


def test_process_ends_in_time_while_a_worker_is_retried(web, database):  # noqa: F811 - a fixture, imported
    web.stop()
    database.stop_immediately()
    web.start()
    wait_until(lambda: "The worker stopped" in web.log, "no worker was tried")
    end_in_time({signal.SIGTERM: web})


def test_process_ends_in_time_when_the_database_does_not_answer(each_signal, database):  # noqa: F811 - a fixture, imported
    """All its processes are halted: connections stay open, and nothing comes back."""
    halted = database.backends()
    for pid in halted:
        os.kill(pid, signal.SIGSTOP)
    try:
        end_in_time(each_signal)
    finally:
        for pid in halted:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def test_process_reconnects_and_works_again_by_itself(web, database, world, shop, page, sync):  # noqa: F811 - a fixture, imported
    web.wait_until_ready()
    database.stop_immediately()
    wait_until(is_not_ready(web), "it says that it is ready without a database")
    wait_until(exports(web, 0), "it has no numbers without a database")
    world.add_conversation(shop)
    database.start()
    web.wait_until_ready()
    wait_until(exports(web, 1), "it has the numbers of the database that went away")
    assert sync().wait_for(lambda state: state["status"] != "queued")  # heard from whoever works
    # The old worker, on its way out, may take the job with it: then the new one goes on.
    wait_until(lambda: page.runs.filter(status="complete").exists(), "nobody works again")
    assert page.conversations.count() == 1
