"""A dump of a filled database restores without an error into the same and the newest version, exactly."""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache

import pytest
from django.contrib.auth.models import User
from django.test import Client

from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from conversations.models import Conversation
from conversations.privacy.forget_person import delete_person
from conversations.sandbox import SandboxServer, World, seed_page
from conversations.search.index.message_index import index_pending
from inbox.postgres import Server
from inbox.postgres.programs import newest
from tests import migrated
from tests.factories import TagFactory
from tests.servers import django_connected_to, graph_is, output_of, program, server_of

SEED = 20261128
SEARCH_INDEXES = ("conversation_search", "messageindexchunk_keys")
UNCHANGED = {"status": "complete", "inserted": 0, "updated": 0, "eventsCreated": 0}

ANSWERS = (
    "/api/conversations?limit=100",
    "/api/conversations?status=done&include_tags=vip",
    "/api/conversations?untagged=1&unread=1",
    "/api/conversations?search=an",
    "/api/tags",
    "/api/pages",
    "/api/insight",
)


def major(server: Server) -> int:
    return newest(server.owner, server.home, server.only).major


@pytest.fixture(scope="module")
def system() -> Iterator[Server]:
    yield from server_of("system")


@pytest.fixture(scope="module")
def wheel() -> Iterator[Server]:
    yield from server_of("wheel")


@pytest.fixture(scope="module")
def facebook() -> Iterator[SandboxServer]:
    world = World()
    seed_page(world, world.add_page(), conversations=60, seed=SEED)
    with SandboxServer(world) as sandbox:
        yield sandbox


@pytest.fixture(scope="module", autouse=True)
def calls_facebook(facebook, django_db_blocker) -> Iterator[None]:
    (page,) = facebook.world.pages.values()
    with graph_is(facebook), pytest.MonkeyPatch.context() as patch, django_db_blocker.unblock():
        patch.setenv("PAGE_ACCESS_TOKEN", page.token)
        yield


@pytest.fixture(scope="module")
def filled(facebook) -> Callable[[Server], tuple[str, dict]]:
    """The address of a filled database on a server, and its answers."""
    (page,) = facebook.world.pages.values()

    @cache
    def fill(server: Server) -> tuple[str, dict]:
        with server.connect() as admin:
            admin.execute(f"CREATE DATABASE filled TEMPLATE {migrated.DATABASE}")
        url = server.url("filled")
        with django_connected_to(url):
            output_of("connectpage", page.id)
            output_of("syncconversations")
            work()
            return url, answers()

    return fill


def work() -> None:
    """Do what staff do, and what runs in the background."""
    root = User.objects.create_superuser("root")
    rows = list(Conversation.objects.order_by("pk"))
    tag_conversations([row.pk for row in rows[:9]], [TagFactory(name="vip", slug="vip")], actor=root)
    set_status([row.pk for row in rows[5:12]], "done", actor=root)
    delete_person(rows[20], actor=root)
    index_pending(seconds=60)


def answers() -> dict:
    client = Client()
    client.force_login(User.objects.get())
    newest = client.get("/api/conversations?limit=1").json()["conversations"][0]
    word = max(newest["last_message"].split(), key=len)
    search = f"/api/conversations?search_in=messages&search={word}"
    found = {address: client.get(address).json() for address in (*ANSWERS, search)}
    assert found["/api/conversations?limit=100"]["pagination"]["total"] == 59
    assert all(found.values())
    return found


@pytest.mark.parametrize(
    ("source", "target"), [("system", "system"), ("system", "wheel"), ("wheel", "wheel")]
)
def test_a_restored_dump_is_exact(source, target, filled, request, tmp_path):
    source, target = (request.getfixturevalue(name) for name in (source, target))
    if major(source) > major(target):
        pytest.skip(f"PostgreSQL {major(source)} cannot be restored into the older {major(target)}")
    url, before = filled(source)
    name = f"restored_from_{source.name.replace('-', '_')}"
    dump, copy = tmp_path / "dump.sql", target.url(name)
    assert_clean(program(target, "pg_dump", "--no-owner", "--file", str(dump), url))
    target.create_database(name)
    assert_clean(program(target, "psql", "--quiet", "--no-psqlrc", "--file", str(dump), copy))

    for statement in ("VACUUM (ANALYZE)", *(f"REINDEX INDEX {name}" for name in SEARCH_INDEXES)):
        assert_clean(program(target, "psql", "--no-psqlrc", "--command", statement, copy))
    with django_connected_to(copy):
        assert "no issues" in output_of("check", "--database", "default")
        assert answers() == before
        result = json.loads(output_of("syncconversations", "--full", "--json").splitlines()[-1])
    assert {name: result[name] for name in UNCHANGED} == UNCHANGED


def assert_clean(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, "")
