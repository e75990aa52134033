"""A filled database is upgraded while processes of the version before serve, receive webhooks and sync.

Then a process of the new version serves beside them, until somebody stops the old ones.
"""

import itertools
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, cast

import psycopg
import pytest
import requests

from conversations import models
from conversations.sandbox import SandboxServer, World, seed_page
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sandbox.webhooks.sender import wait_until_idle
from inbox.postgres import Server
from tests.conversations.sync.copies import expected_copy, stored_copy
from tests.live.process import Web
from tests.live.streams import Stream
from tests.machine import condition_in_time, slowness
from tests.servers import MANAGE, django_connected_to, graph, graph_is, output_of, server_of
from tests.upgrade.lock_waits import LockWaits
from tests.upgrade.old_version import OldVersion, unpack

PAGE, TOKEN, SECRET = "900000000000001", "EAAserving", "sandbox-secret"
LONGEST_WAIT = 1.0  # seconds, on an idle machine
ROUNDS_AFTER = 5  # of each kind of request, by the old process on the new tables
MIGRATE = "migrate of the new version"
PENDING = "SELECT FROM conversations_webhookdelivery WHERE state = 'pending'"
FILL = f"""
from django.contrib.auth.models import User
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("connectpage", "{PAGE}")
call_command("syncconversations")
User.objects.create_superuser("boss")
call_command("drf_create_token", "boss")
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from server_of(None)


@pytest.fixture(scope="module")
def world() -> World:
    world = World()
    shop = world.add_page(PAGE, "Demo Shop", TOKEN)
    seed_page(world, shop, conversations=150, seed=20261130)
    shop.subscribed_fields = PAGE_FIELDS
    return world


@pytest.fixture(scope="module")
def facebook(world) -> Iterator[SandboxServer]:
    with SandboxServer(world) as sandbox:
        sandbox.switches.app_secret = SECRET
        yield sandbox


@dataclass
class Serving:
    """An old web process at work on a filled database, later with a new one beside it."""

    old: OldVersion
    url: str
    web: Web
    headers: dict[str, str]
    done: Counter = field(default_factory=Counter)  # by the name of the request
    failures: list[str] = field(default_factory=list)
    newer: list[Web] = field(default_factory=list)

    @property
    def webs(self) -> list[Web]:
        return [self.web, *self.newer]

    def start_newer(self) -> Web:
        """Start a web process of this checkout, as a rolling upgrade does after `migrate`."""
        newer = Web(self.old.environment)
        self.newer.append(newer)
        newer.wait_until_ready()
        return newer


@pytest.fixture(scope="module")
def serving(server, facebook, tmp_path_factory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("old")
    unpack(folder)
    server.create_database("serving")
    url = server.url("serving")
    variables = {"DATABASE_URL": url, "SYNC_EVERY_MINUTES": "0", "FACEBOOK_APP_SECRET": SECRET}
    old = OldVersion(folder, graph(facebook) | variables | {"FACEBOOK_VERIFY_TOKEN": "verify"})
    filled = old.manage("shell", "-c", FILL, PAGE_ACCESS_TOKEN=TOKEN)
    assert filled.returncode == 0, filled.stderr
    key = filled.stdout.split("Generated token ")[1].split()[0]
    web = old.web()
    try:
        web.wait_until_ready()
        yield Serving(old, url, web, {"Authorization": f"Token {key}"})
    finally:
        web.process.kill()
        web.process.wait()


def requests_of(serving: Serving) -> dict[str, Callable[[int], requests.Response]]:
    """What staff and other programs do, by its name; each is given the number of the round.

    Each of the web processes answers two rounds in turn.
    """
    rest = requests.Session()
    rest.headers.update(serving.headers)

    def call(number: int, method: str, path: str, body: dict | None = None) -> requests.Response:
        web = serving.webs[number // 2 % len(serving.webs)]
        return rest.request(method, f"{web.url}/api/{path}", json=body, timeout=60)

    tag = call(0, "POST", "tags", {"name": "VIP"}).json()["tag"]["id"]
    ids = [row["id"] for row in call(0, "GET", "conversations?limit=50").json()["conversations"]]

    def bulk_tags(number: int) -> requests.Response:
        action = ("assign", "remove")[number % 2]
        body = {"conversationIds": ids, "tagIds": [tag], "action": action}
        return call(number, "POST", "conversations/bulk-tags", body)

    def status(number: int) -> requests.Response:
        new = ("done", "active")[number % 2]
        return call(number, "PATCH", f"conversations/{ids[number % 50]}", {"conversation_status": new})

    return {
        "list": lambda number: call(number, "GET", f"conversations?limit=50&page={number % 3 + 1}"),
        "tagged": lambda number: call(number, "GET", "conversations?include_tags=vip&unread=1"),
        "search": lambda number: call(number, "GET", "conversations?search=hello&search_in=messages"),
        "events": lambda number: call(number, "GET", f"conversations/{ids[number % 50]}/events"),
        "pages": lambda number: call(number, "GET", "pages"),
        "insight": lambda number: call(number, "GET", "insight"),
        "bulk tags": bulk_tags,
        "status": status,
        "note": lambda number: call(
            number, "POST", f"conversations/{ids[0]}/notes", {"text": f"Note {number}"}
        ),
        "read": lambda number: call(number, "POST", f"conversations/{ids[number % 50]}/read"),
    }


class Load:
    """Repeats everything in threads until the end of the block."""

    def __init__(self, serving: Serving, world: World):
        self._serving, self._world, self._ended = serving, world, threading.Event()
        calls = requests_of(serving)
        self._threads = [
            threading.Thread(target=self._repeat, args=[name, call]) for name, call in calls.items()
        ]
        self._threads += [
            threading.Thread(target=self._repeat, args=["sync", self._sync]),
            threading.Thread(target=self._repeat, args=["webhook", self._webhook]),
        ]
        self.names = {*calls, "sync", "webhook"}

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def _repeat(self, name: str, call: Callable[[int], requests.Response | None]) -> None:
        for number in itertools.count():
            if self._ended.wait(0.05):
                return
            try:
                response = call(number)
                if response is not None and not response.ok:
                    self._serving.failures.append(f"{name}: {response.status_code} {response.text[:200]}")
            except Exception as error:
                self._serving.failures.append(f"{name}: {error!r}")
            self._serving.done[name] += 1

    def _sync(self, number: int) -> None:
        done = self._serving.old.manage("syncconversations", "--full")
        assert done.returncode == 0, done.stderr

    def _webhook(self, number: int) -> None:
        """A customer writes: the sandbox sends a webhook."""
        (shop,) = self._world.pages.values()
        self._world.add_conversation(shop, f"Customer {number}", [f"Hello {number}"])
        self._ended.wait(0.5)

    def every_request_again(self, times: int) -> None:
        before = Counter(self._serving.done)
        condition_in_time(
            120,
            lambda: all(
                self._serving.done[name] - before[name] >= (times if name != "sync" else 1)
                for name in self.names
            ),
        )


def migrate_beside_a_long_transaction(url: str) -> None:
    """The transaction has read a table that a migration changes, and ends after two attempts of it."""
    environment = os.environ | {"DATABASE_URL": url, "PGAPPNAME": MIGRATE}
    command = [sys.executable, str(MANAGE), "migrate", "--verbosity", "0"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        with psycopg.connect(url) as report:
            report.execute("SELECT FROM conversations_page")
            pid = report.info.backend_pid
            lines = until_third_attempt(errors := cast(IO[str], process.stderr))
        rest = errors.read()
    assert any(f"held by pid {pid} " in line for line in lines), lines
    assert "Attempt 3 of " in lines[-1], lines
    assert process.returncode == 0, rest


def until_third_attempt(errors: IO[str]) -> list[str]:
    """What `migrate` reports until then, or until it has waited for seconds instead of giving up."""
    lines: list[str] = []
    for line in errors:
        lines.append(line)
        if "Attempt 3 of " in line or "".join(lines).count("waits for") > 2:
            break
    return lines


@pytest.fixture(scope="module")
def upgraded(serving, facebook, world) -> Iterator[tuple[Serving, LockWaits, Stream]]:
    """Upgrade under load; then the old process goes on under the same load, and after that a new one, too."""
    stream = Stream("GET", f"{serving.web.url}/api/events", serving.headers)
    facebook.webhooks.subscribe_app(f"{serving.web.url}/webhooks/facebook")
    facebook.webhooks.start()
    try:
        with Load(serving, world) as load:
            load.every_request_again(1)
            with LockWaits(serving.url, MIGRATE) as waits:
                migrate_beside_a_long_transaction(serving.url)
            seen = len(stream.changes)
            load.every_request_again(ROUNDS_AFTER)
            stream.wait_for_change(lambda change: change in stream.changes[seen:])
            assert (
                "Traceback" not in serving.web.log
            )  # from now on, jobs that it does not know fail in its worker
            newer = serving.start_newer()
            received = len(facebook.webhooks.attempts)
            facebook.webhooks.subscribe_app(f"{newer.url}/webhooks/facebook")
            load.every_request_again(ROUNDS_AFTER)
            condition_in_time(60, lambda: len(facebook.webhooks.attempts) > received + ROUNDS_AFTER)
        assert wait_until_idle(facebook.webhooks, 60)
        with psycopg.connect(serving.url, autocommit=True) as observer:
            condition_in_time(60, lambda: observer.execute(PENDING).rowcount == 0)
        facebook.webhooks.stop()
        yield serving, waits, stream
    finally:
        facebook.webhooks.stop()
        stream.close()
        for newer in serving.newer:
            newer.process.kill()
            newer.process.wait()


def test_nobody_waited_long_for_a_lock(upgraded):
    _, waits, _ = upgraded
    assert waits.samples > 10
    assert waits.seconds <= LONGEST_WAIT * slowness(), waits.longest


def test_no_request_webhook_or_sync_failed(upgraded, facebook):
    serving, _, stream = upgraded
    assert serving.failures == []
    assert {attempt.status for attempt in facebook.webhooks.attempts} == {200}
    assert not stream.ended.is_set()
    assert [web.process.poll() for web in serving.webs] == [None, None]
    assert "Traceback" not in serving.newer[0].log


def test_what_one_process_changes_is_in_the_streams_of_both(upgraded):
    serving, _, of_old = upgraded
    of_new = Stream("GET", f"{serving.newer[0].url}/api/events", serving.headers)
    try:
        for web in serving.webs:
            seen = [len(stream.changes) for stream in (of_old, of_new)]
            rows = requests.get(f"{web.url}/api/conversations?limit=1", headers=serving.headers, timeout=60)
            pk = rows.json()["conversations"][0]["id"]
            address = f"{web.url}/api/conversations/{pk}/notes"
            note = {"text": f"Of {web.url}"}
            assert requests.post(address, json=note, headers=serving.headers, timeout=60).status_code == 201
            for stream, before in zip((of_old, of_new), seen, strict=True):
                stream.wait_for_change(follows(stream, before, pk))
    finally:
        of_new.close()


def follows(stream: Stream, before: int, pk: int) -> Callable[[dict], bool]:
    """Whether a change is a later one of this conversation."""
    return lambda change: change in stream.changes[before:] and pk in (change["conversationIds"] or [])


def test_the_sync_of_the_new_version_finds_everything_as_it_is(upgraded, facebook, world, django_db_blocker):
    serving, _, _ = upgraded
    with django_db_blocker.unblock(), graph_is(facebook), django_connected_to(serving.url):
        output_of("syncconversations", "--full")
        run = models.SyncRun.objects.latest("pk")
        assert (run.status, run.inserted, run.events_created) == ("complete", 0, 0)
        (shop,) = world.pages.values()
        assert but_unread(stored_copy(models.Page.objects.get())) == but_unread(expected_copy(world, shop))


def but_unread(copy: dict[str, dict]) -> dict[str, dict]:
    """Without what only we count, as users mark conversations, and without the milliseconds of webhooks."""
    return {sender: in_seconds(fields | {"unread_count": None}) for sender, fields in copy.items()}


def in_seconds(value):
    if isinstance(value, datetime):
        return value.replace(microsecond=0)
    if isinstance(value, dict):
        return {name: in_seconds(each) for name, each in value.items()}
    return [in_seconds(each) for each in value] if isinstance(value, list | tuple) else value
