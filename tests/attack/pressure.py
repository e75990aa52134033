"""Pressure of one person on a live server, while a user's list is measured.

Each kind of pressure is what once stopped everybody. A process of its own asks for the list, so that the
threads of the attackers do not slow the measurement down.
"""

import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from django.test import Client

from conversations.models import Conversation, Page
from conversations.sandbox import SandboxServer, faults
from inbox.accounts.models import ApiKey
from tags.models import Tag
from tests.factories import ConversationFactory, EventFactory, member, superuser
from tests.live.process import Web

GOAL_SECONDS = 0.5  # p95 of the list, on an idle machine of two cores
MAX_SECONDS = 60
ROWS = 20_000
TAGS = 300
NO_ANSWER = "no answer"


@dataclass
class Row:
    """One kind of pressure: its answers, and the seconds of each list of the user meanwhile."""

    name: str
    answers: Counter = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    failed: Counter = field(default_factory=Counter)  # of the user, and of /readyz

    def quantile(self, part: float) -> float:
        times = sorted(self.times) or [0.0]
        return times[min(len(times) - 1, int(part * len(times)))]

    @property
    def faults(self) -> list[str]:
        found = [f"{self.name}: {number} times 500" for number in [self.answers["500"]] if number]
        found += [f"{self.name}: a user or /readyz got {status}" for status in self.failed]
        if self.quantile(0.95) > GOAL_SECONDS:
            found.append(f"{self.name}: p95 of the list is {1000 * self.quantile(0.95):.0f} ms")
        return found


class Target:
    """The server with a filled Page, and those who press on it."""

    def __init__(self, web: Web, sandbox: SandboxServer):
        self.web, self.sandbox = web, sandbox
        self.page = Page.objects.create(facebook_page_id="900000000000001", name="Shop", access_token="EAA")
        ConversationFactory.reset_sequence(10**6)
        rows = [ConversationFactory.build(page=self.page) for _ in range(ROWS)]
        Conversation.objects.bulk_create(rows, batch_size=2000)
        self.tags = Tag.objects.bulk_create(Tag(name=f"Tag {n}", slug=f"tag-{n}") for n in range(TAGS))
        self.viewer = key_of(member(self.page))
        self.attacker = key_of(member(self.page))
        self.staff = session_of(superuser())
        self.attachment = self._expired_attachment()

    def _expired_attachment(self) -> str:
        attachments = [{"id": "1", "image_data": {"url": "https://cdn.example/old"}}]
        conversation = self.page.conversations.latest("pk")
        event = EventFactory(conversation=conversation, graph_id="m_1", attachments=attachments)
        return f"/api/conversations/{conversation.pk}/events/{event.pk}/attachments/0"

    def status(self, method: str, address: str, seconds: float = MAX_SECONDS, **options: Any) -> str:
        with suppress(requests.RequestException):
            url = self.web.url + address
            options |= {"allow_redirects": False, "stream": True}
            with requests.request(method, url, timeout=seconds, **options) as answer:
                return str(answer.status_code)
        return NO_ANSWER


def key_of(user) -> dict[str, str]:
    return {"Authorization": f"Token {ApiKey.issue(user, 'attack')[1]}"}


def session_of(user) -> str:
    browser = Client()
    browser.force_login(user)
    return browser.session.session_key or ""


# -- the kinds of pressure: each returns how its requests were answered
def strangers(target: Target) -> Counter:
    paths = ["/api/conversations", "/login", "/admin/"]
    return at_once(300, lambda number: target.status("GET", paths[number % 3]))


def logins(target: Target) -> Counter:
    def sign_in(number: int) -> str:
        form = {"username": f"user{number}", "password": "wrong", "csrfmiddlewaretoken": "attack" * 5 + "32"}
        return target.status("POST", "/login", data=form, cookies={"csrftoken": "attack" * 5 + "32"})

    return at_once(110, sign_in)


def streams(target: Target) -> Counter:
    """All of them stay open until the last one was asked for."""
    opened: list[requests.Response] = []

    def watch(_: int) -> str:
        with suppress(requests.RequestException):
            url = f"{target.web.url}/api/events"
            opened.append(requests.get(url, headers=target.attacker, stream=True, timeout=MAX_SECONDS))
            return str(opened[-1].status_code)
        return NO_ANSWER

    answers = at_once(600, watch)
    for stream in opened:
        stream.close()
    return answers


def attachments(target: Target) -> Counter:
    """Facebook does not answer; four of a user may wait for it."""
    target.sandbox.faults.add(faults.hang(), times=None, path="/m_1")
    address, headers = target.attachment, target.attacker
    answers = at_once(120, lambda number: target.status("GET", address, seconds=10, headers=headers))
    target.sandbox.faults.clear()
    return answers


def large_bodies(target: Target) -> Counter:
    """300 MB, announced or in chunks; refused as soon as it is too much."""
    piece = b"x" * 65_536

    def send(number: int) -> str:
        body = itertools.repeat(piece, 300 * 16)
        announced = b"POST /api/tags HTTP/1.1\r\nHost: inbox\r\nContent-Length: 314572800\r\n\r\n"
        chunked = b"POST /login HTTP/1.1\r\nHost: inbox\r\nTransfer-Encoding: chunked\r\n\r\n"
        if number % 2:
            return raw(target, chunked, (b"10000\r\n" + part + b"\r\n" for part in body))
        return raw(target, announced, body)

    return at_once(20, send)


def many_tags(target: Target) -> Counter:
    """300 tags are too many; 50, all of them wanted, are one condition."""

    def ask(number: int) -> str:
        ids = ",".join(str(tag.pk) for tag in target.tags[: TAGS if number % 2 else 50])
        address = f"/api/conversations?include_tags={ids}&include_mode=all&limit=50"
        return target.status("GET", address, headers=target.attacker)

    return at_once(40, ask)


def webhooks(target: Target) -> Counter:
    """Bodies as large as Facebook's may be, with a signature that could be right."""
    headers, large = {"X-Hub-Signature-256": f"sha256={'0' * 64}"}, b"x" * (4 * 2**20)

    def deliver(number: int) -> str:
        data = large if number % 2 else b"{}"
        return target.status("POST", "/webhooks/facebook", headers=headers, data=data)

    return at_once(300, deliver)


def invented_keys(target: Target) -> Counter:
    """Each is another one, so that none has had its share."""

    def ask(number: int) -> str:
        headers = {"Authorization": f"Token {number:040x}"}
        return target.status("GET", "/api/conversations", headers=headers)

    return at_once(300, ask)


def many_keys(target: Target) -> Counter:
    """One user with as many keys as one may have, each known already."""
    user = member(target.page)
    keys = [key_of(user) for _ in range(50)]
    for key in keys:
        target.status("GET", "/api/pages", headers=key)
    address = "/api/conversations?search=a b c d e f g h i j&search_in=messages&limit=10000"
    return at_once(200, lambda number: target.status("GET", address, headers=keys[number % len(keys)]))


def slow_bodies(target: Target) -> Counter:
    """A byte now and then: a request that is not complete takes no place of others."""
    head = b"POST /api/tags HTTP/1.1\r\nHost: inbox\r\nContent-Length: 20\r\n\r\n"

    def trickle() -> Iterator[bytes]:
        for _ in range(20):
            time.sleep(0.2)
            yield b"x"

    return at_once(150, lambda number: raw(target, head, trickle()))


def odd_addresses(target: Target) -> Counter:
    """A regular expression that takes for ever, on a column of the admin."""
    paths = ["conversations/conversation/?sender_name__regex=", "auth/user/?username__regex="]

    def ask(number: int) -> str:
        address = f"/admin/{paths[number % 2]}(a%2B)%2B$"
        return target.status("GET", address, headers={"Cookie": f"sessionid={target.staff}"})

    return at_once(40, ask)


def searches(target: Target) -> Counter:
    """The most expensive questions that a user may ask."""
    address = "/api/conversations?search=a b c d e f g h i j&search_in=messages&limit=10000"
    return at_once(40, lambda number: target.status("GET", address, headers=target.attacker))


KINDS: dict[str, Callable[[Target], Counter]] = {
    "300 requests of a stranger": strangers,
    "300 webhooks of a stranger": webhooks,
    "300 invented keys": invented_keys,
    "200 searches with 50 keys of one user": many_keys,
    "110 logins": logins,
    "600 streams of one viewer": streams,
    "120 attachments of one viewer": attachments,
    "20 bodies of 300 MB": large_bodies,
    "40 lists by 300 and by 50 tags": many_tags,
    "40 searches": searches,
    "40 regular expressions in the admin": odd_addresses,
    "150 slow bodies": slow_bodies,
}


def at_once(number: int, act: Callable[[int], str]) -> Counter:
    with ThreadPoolExecutor(number) as threads:
        return Counter(threads.map(act, range(number)))


def raw(target: Target, head: bytes, parts: Iterator[bytes]) -> str:
    """Send a request by hand, until the server refuses more of it. Return the status of the answer."""
    address = urlsplit(target.web.url)
    with socket.create_connection((address.hostname, address.port), timeout=MAX_SECONDS) as connection:
        with suppress(OSError):
            for part in itertools.chain([head], parts):
                connection.sendall(part)
        with suppress(OSError, IndexError):
            return connection.recv(1000).split()[1].decode()
    return NO_ANSWER


# -- the measurement
def run_all(web: Web, sandbox: SandboxServer) -> Iterator[Row]:
    target = Target(web, sandbox)
    yield press(target, "none", rest)
    for name, kind in KINDS.items():
        yield press(target, name, kind)


def rest(target: Target) -> Counter:
    time.sleep(3)
    return Counter()


def press(target: Target, name: str, kind: Callable[[Target], Counter]) -> Row:
    row = Row(name)
    with measured(target, row):
        row.answers = kind(target)
    return row


@contextmanager
def measured(target: Target, row: Row) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.attack.watcher", target.web.url]
    environment = os.environ | {"KEY": target.viewer["Authorization"]}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as watcher:
        if watcher.stdout:
            watcher.stdout.readline()  # it has begun
        yield
        seen = json.loads(watcher.communicate("end\n")[0])
    row.times, row.failed = seen["times"], Counter(seen["failed"])
