"""Fixtures: a PostgreSQL server that tests may kill, and a function that runs scenarios on it."""

import os
from collections.abc import Callable, Iterator
from random import Random

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from conversations.models import Page
from conversations.sandbox import SandboxServer, World
from inbox.postgres import Server
from tests.factories import TagFactory, new_key
from tests.migrated import migrated_server
from tests.postgres import requested_server
from tests.servers import django_connected_to

from .changing_inbox import ChangingInbox
from .plan import WEIGHTS
from .processes import Database
from .scenario import Scenario, Setup
from .totals import Totals


@pytest.fixture(scope="module")
def postgres_server(django_db_blocker) -> Iterator[Server]:
    """A server that tests may kill, and whose databases they may use."""
    with migrated_server(only=requested_server()) as server, django_db_blocker.unblock():
        yield server


@pytest.fixture
def database(postgres_server) -> Iterator[Database]:
    """A new database. Django uses it, too, until the end of the test."""
    postgres_server.start()  # the previous test may have stopped it
    database = Database(postgres_server)
    database.create()
    with django_connected_to(database.url):
        yield database


@pytest.fixture
def run_scenarios(database, settings) -> Callable[..., Totals]:
    """Run scenarios of `rounds` rounds until the number of syncs is reached. Each has a seed of its own."""
    settings.GRAPH_CALLS_PER_SECOND, settings.GRAPH_RETRY_SECONDS = 0, 0.02
    key = new_key(get_user_model().objects.create_superuser("boss"))
    TagFactory()

    def run(syncs: int, *, seed: int, rounds: int, log: Callable[[str], None]) -> Totals:
        totals = Totals()
        while totals.rounds < syncs:
            log(f"SEED={seed}")
            try:
                run_scenario(
                    Random(seed), min(rounds, syncs - totals.rounds), database, settings, key, log, totals
                )
            except BaseException as error:
                error.add_note(f"the scenario of SEED={seed}, after {totals.rounds} syncs")
                raise
            seed += 1
        return totals

    return run


def run_scenario(
    rng: Random, rounds: int, database: Database, settings, key: str, log, totals: Totals
) -> None:
    Page.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    world = World()
    platforms = ("messenger", "instagram") if rng.random() < 0.5 else ("messenger",)
    account = {"instagram_id": "17841400000000001", "instagram_username": "demoshop"} if platforms[1:] else {}
    shop = world.add_page(**account)
    page = Page.objects.create(
        facebook_page_id=shop.id,
        access_token=shop.token,
        platforms=list(platforms),
        instagram_account_id=shop.instagram_id or "",
    )
    inbox = ChangingInbox(world, shop, rng, platforms=platforms)
    inbox.fill(rng.randrange(20, 60))
    with SandboxServer(world) as sandbox:
        settings.GRAPH_API_URL = sandbox.url
        randomize_behavior(sandbox, rng)
        environment = os.environ | {
            "DATABASE_URL": database.url,
            "DJANGO_SETTINGS_MODULE": "tests.crash.settings",
            "GRAPH_API_URL": sandbox.url,
            "GRAPH_CALLS_PER_SECOND": "0",
            "USUAL_LIST": str(rng.choice([0, 0, 3])),  # or more conversations than usual in some answers
            "PAGE_ACCESS_TOKEN": "",
        }
        setup = Setup(page, inbox, sandbox, database, environment, key)
        scenario = Scenario(rng, setup, log=log, totals=totals)
        scenario.run(rounds, failure_weights())


def randomize_behavior(sandbox: SandboxServer, rng: Random) -> None:
    """Choose behavior that Facebook does not document, and batches so small that a sync has many moments."""
    switches = sandbox.switches
    switches.max_limit = rng.choice([3, 5, 10])
    switches.cursors_follow = rng.choice(["position", "item"])
    switches.updated_ms = rng.choice(["honoured", "ignored", "refused"])
    switches.updated_after_inclusive = rng.random() < 0.5
    switches.updated_before_inclusive = rng.random() < 0.5
    switches.total_count = rng.choice(["honoured", "honoured", "ignored", "refused", "wrong"])
    switches.short_pages = rng.choice([0, 0, 3])
    switches.empty_pages = rng.choice([0, 0, 4])
    switches.message_paging = rng.choice(["cursors", "cursors", "time"])
    switches.omit_cursors = rng.random() < 0.2
    switches.instagram_old_messages = rng.choice(["bare id", "omitted", "call fails"])
    sandbox.latency.scale = rng.choice([0, 0.01, 0.05])


def failure_weights() -> dict[str, int]:
    """Return the weights of all failures, or of the one that the environment variable FAILURE names."""
    if name := os.environ.get("FAILURE"):
        return {name: WEIGHTS[name]}
    return WEIGHTS
