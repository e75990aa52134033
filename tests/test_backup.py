"""A dump of a filled database restores without an error into the same and the newest version, exactly."""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from conversations.sandbox import SandboxServer, World, seed_page
from inbox.postgres import Server
from inbox.postgres.programs import newest
from tests.servers import graph, manage, program, server_of

SEED = 20261128
SEARCH_INDEXES = ("conversation_search", "messageindexchunk_keys")
UNCHANGED = {"status": "complete", "inserted": 0, "updated": 0, "eventsCreated": 0}

# What staff do, and what runs in the background.
FILL = """
from django.contrib.auth.models import User
from conversations.privacy.forget_person import delete_person
from conversations.models import Conversation
from conversations.search.index.message_index import index_pending
from conversations.actions.status import set_status
from conversations.actions.tagging import tag_conversations
from tags.models import Tag
root = User.objects.create_superuser("root")
rows = list(Conversation.objects.order_by("pk"))
tag_conversations([row.pk for row in rows[:9]], [Tag.objects.create(name="vip", slug="vip")], actor=root)
set_status([row.pk for row in rows[5:12]], "done", actor=root)
delete_person(rows[20], actor=root)
index_pending(seconds=60)
"""
ASK = """
import json
from django.contrib.auth.models import User
from django.test import Client
client = Client(SERVER_NAME="127.0.0.1")
client.force_login(User.objects.get())
newest = client.get("/api/conversations?limit=1").json()["conversations"][0]
word = max(newest["last_message"].split(), key=len)
print(json.dumps({address: client.get(address).json() for address in (
    "/api/conversations?limit=100",
    "/api/conversations?status=done&include_tags=vip",
    "/api/conversations?untagged=1&unread=1",
    "/api/conversations?search=an",
    f"/api/conversations?search_in=messages&search={word}",
    "/api/tags",
    "/api/pages",
    "/api/insight",
)}))
"""


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


@pytest.fixture(scope="module")
def filled(facebook) -> Callable[[Server], tuple[str, dict]]:
    """The address of a filled database on a server, and its answers."""
    (page,) = facebook.world.pages.values()

    @cache
    def fill(server: Server) -> tuple[str, dict]:
        server.create_database("filled")
        url = server.url("filled")
        manage(url, "migrate", "--verbosity", "0")
        manage(url, "connectpage", page.id, PAGE_ACCESS_TOKEN=page.token, **graph(facebook))
        manage(url, "syncconversations", **graph(facebook))
        manage(url, "shell", "--verbosity", "0", "-c", FILL)
        return url, answers(url)

    return fill


def answers(url: str) -> dict:
    found = json.loads(manage(url, "shell", "--verbosity", "0", "-c", ASK).splitlines()[-1])
    assert found["/api/conversations?limit=100"]["pagination"]["total"] == 59
    assert all(found.values())
    return found


@pytest.mark.parametrize(
    ("source", "target"), [("system", "system"), ("system", "wheel"), ("wheel", "wheel")]
)
def test_a_restored_dump_is_exact(source, target, facebook, filled, request, tmp_path):
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
    assert "no issues" in manage(copy, "check", "--database", "default")
    assert answers(copy) == before
    output = manage(copy, "syncconversations", "--full", "--json", **graph(facebook))
    result = json.loads(output.splitlines()[-1])
    assert {name: result[name] for name in UNCHANGED} == UNCHANGED


def assert_clean(done: subprocess.CompletedProcess[str]) -> None:
    assert (done.returncode, done.stderr) == (0, "")
