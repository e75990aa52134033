"""A PostgreSQL that may be killed, and the play on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from rest_framework.authtoken.models import Token

from conversations.models import Page
from conversations.sandbox import SandboxServer, World
from inbox.postgres import Server, throwaway
from inbox.settings import database as database_settings
from tests.factories import TagFactory
from tests.postgres import asked_for

pytest.register_assert_rewrite(
    "tests.conversations.sync.copies", "tests.murder.checks", "tests.murder.series", "tests.murder.victims"
)
from .series import HOW_OFTEN, Series, Toll  # noqa: E402 - their asserts are to be rewritten
from .victims import Database  # noqa: E402 - after pytest has been told to rewrite it
from .world import MovingInbox  # noqa: E402 - after pytest has been told to rewrite it


@pytest.fixture(scope="module")
def mortal(django_db_blocker) -> Iterator[Server]:
    """A server whose databases begin with our tables."""
    with throwaway(only=asked_for()) as server, django_db_blocker.unblock():
        with django_on(server.url("template1")):
            call_command("migrate", verbosity=0)
        yield server


@pytest.fixture
def database(mortal) -> Iterator[Database]:
    """Django works on it, too, as long as the test lasts."""
    mortal.start()  # the test before may have left it dead
    found = Database(mortal)
    found.create()
    with django_on(found.url):
        yield found


@contextmanager
def django_on(url: str) -> Iterator[None]:
    connection.close()
    before = dict(connection.settings_dict)
    connection.settings_dict.update(database_settings(url))
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@pytest.fixture
def play(database, settings) -> Callable[..., Toll]:
    """Plays series of this many rounds until there were so many syncs; each has a seed of its own."""
    settings.GRAPH_CALLS_PER_SECOND, settings.GRAPH_RETRY_SECONDS = 0, 0.02
    key = Token.objects.create(user=get_user_model().objects.create_superuser("boss")).key
    TagFactory()

    def run(syncs: int, *, seed: int, rounds: int, tell: Callable[[str], None]) -> Toll:
        toll = Toll()
        while toll.rounds < syncs:
            tell(f"SEED={seed}")
            try:
                play_series(
                    Random(seed), min(rounds, syncs - toll.rounds), database, settings, key, tell, toll
                )
            except BaseException as error:
                error.add_note(f"the series of SEED={seed}, after {toll.rounds} syncs")
                raise
            seed += 1
        return toll

    return run


def play_series(draw: Random, rounds: int, database: Database, settings, key: str, tell, toll: Toll) -> None:
    Page.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    world = World()
    platforms = ("messenger", "instagram") if draw.random() < 0.5 else ("messenger",)
    account = {"instagram_id": "17841400000000001", "instagram_username": "demoshop"} if platforms[1:] else {}
    shop = world.add_page(**account)
    page = Page.objects.create(
        facebook_page_id=shop.id,
        access_token=shop.token,
        platforms=list(platforms),
        instagram_account_id=shop.instagram_id or "",
    )
    inbox = MovingInbox(world, shop, draw, platforms=platforms)
    inbox.fill(draw.randrange(20, 60))
    with SandboxServer(world) as sandbox:
        settings.GRAPH_API_URL = sandbox.url
        switch(sandbox, draw)
        environment = os.environ | {
            "DATABASE_URL": database.url,
            "DJANGO_SETTINGS_MODULE": "tests.murder.settings",
            "GRAPH_API_URL": sandbox.url,
            "GRAPH_CALLS_PER_SECOND": "0",
            "PAGE_ACCESS_TOKEN": "",
        }
        series = Series(
            draw,
            page=page,
            inbox=inbox,
            sandbox=sandbox,
            database=database,
            environment=environment,
            key=key,
            tell=tell,
            toll=toll,
        )
        series.play(rounds, victims())


def switch(sandbox: SandboxServer, draw: Random) -> None:
    """What nobody outside Facebook knows for sure, and batches so small that a sync has many moments."""
    switches = sandbox.switches
    switches.max_limit = draw.choice([3, 5, 10])
    switches.cursors_follow = draw.choice(["position", "item"])
    switches.updated_ms = draw.choice(["honoured", "ignored", "refused"])
    switches.updated_after_inclusive = draw.random() < 0.5
    switches.updated_before_inclusive = draw.random() < 0.5
    switches.short_pages = draw.choice([0, 0, 3])
    switches.empty_pages = draw.choice([0, 0, 4])
    switches.instagram_old_messages = draw.choice(["bare id", "omitted", "call fails"])
    sandbox.latency.scale = draw.choice([0, 0.01, 0.05])


def victims() -> dict[str, int]:
    """And how often each; VICTIM=… in the environment: nobody but this one."""
    if chosen := os.environ.get("VICTIM"):
        return {chosen: HOW_OFTEN[chosen]}
    return HOW_OFTEN
