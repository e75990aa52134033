"""Requests that come at the same time: strangers and each user leave room for the others."""

import asyncio
import gc
from collections import Counter

import pytest

from conversations.lib.request_scope import Places, note_user
from inbox.web import admission
from inbox.web.admission import QUEUE, Admission, KnownUsers, claim_of

SESSION = (b"cookie", b"a=b; sessionid=x; c=d")
PLACES = 8


@pytest.mark.parametrize(
    ("path", "header", "claim"),
    [
        ("/api/pages", (b"accept", b"*/*"), b""),
        ("/api/pages", SESSION, b"x"),
        ("/", (b"cookie", b"__Host-sessionid=x"), b"x"),
        ("/api/pages", (b"authorization", b"Token x"), b"Token x"),
        ("/login", SESSION, b""),  # nobody is known there: a made-up cookie gains nothing
        ("/login/forgotten", SESSION, b""),
    ],
)
def test_strangers_are_requests_without_credentials_and_those_of_the_login(path, header, claim):
    assert claim_of({"path": path, "headers": [header]}) == claim


class Requests:
    """Requests that stay at work until `leave` is set. The first part of a key is the ID of its user."""

    def __init__(self) -> None:
        self.leave, self.at_work = asyncio.Event(), Counter[bytes]()
        self.answers: list[tuple[bytes, int]] = []
        self.server = Admission(self.work, PLACES)
        self.status, self.asks_who, self.path = 200, True, "/api/pages"

    async def work(self, scope, receive, send) -> None:
        key = claim_of(scope)
        user = key.partition(b"/")[0]
        self.at_work[user] += 1
        await self.leave.wait()
        if self.asks_who:
            note_user(None if user in (b"", b"invented") or self.status == 500 else user)
        await send({"type": "http.response.start", "status": self.status})

    async def start(self, key: bytes, number: int = 1) -> list[asyncio.Task]:
        scope = {
            "type": "http",
            "method": "GET",
            "path": self.path,
            "headers": [(b"authorization", key)] if key else [],
        }

        async def send(message: dict) -> None:
            if message.get("status", 200) != 200:
                self.answers.append((key, message["status"]))

        tasks = [asyncio.create_task(self.server(scope, None, send)) for _ in range(number)]
        await asyncio.sleep(0.01)
        return tasks

    async def do(self, *keys: bytes) -> None:
        """Send a request with each of these keys, one after the other."""
        self.leave.set()
        for key in keys:
            await asyncio.gather(*await self.start(key))
        self.leave.clear()
        self.at_work.clear()


def test_one_user_and_all_strangers_leave_places_to_the_others():
    async def talk() -> Requests:
        requests = Requests()
        await requests.do(b"busy", b"other")
        tasks = await requests.start(b"busy", 4 * QUEUE + 4 + 3) + await requests.start(b"", 3)
        tasks += await requests.start(b"other", 2)
        assert requests.at_work == {b"busy": 4, b"": 2, b"other": 2}
        requests.leave.set()
        await asyncio.gather(*tasks)
        return requests

    requests = asyncio.run(talk())
    assert requests.answers == [(b"busy", 429)] * 3
    assert requests.at_work == {b"busy": 4 * QUEUE + 4, b"": 3, b"other": 2}
    gc.collect()
    assert not requests.server._users


def test_a_user_with_many_keys_and_sessions_has_the_places_of_one():
    async def talk() -> Requests:
        requests = Requests()
        keys = [b"busy/%d" % number for number in range(20)]
        await requests.do(*keys, b"other")
        for key in [*keys, b"other", b"other"]:
            await requests.start(key)
        return requests

    assert asyncio.run(talk()).at_work == {b"busy": 4, b"other": 2}


def test_invented_keys_and_those_that_have_ended_have_the_places_of_unknown_ones():
    async def talk() -> Requests:
        requests = Requests()
        invented = [b"invented/%d" % number for number in range(20)]
        await requests.do(*invented, b"known")
        for key in [*invented, b"known", b"known"]:
            await requests.start(key)
        return requests

    assert asyncio.run(talk()).at_work == {b"invented": 1, b"known": 2}


@pytest.mark.parametrize("ends", ["as a file", "with an error"])
def test_a_user_stays_known_after_a_request_that_says_nothing_about_it(ends):
    async def talk() -> Requests:
        requests = Requests()
        await requests.do(b"known")
        requests.asks_who, requests.status = (False, 200) if ends == "as a file" else (True, 500)
        await requests.do(b"known")
        await requests.start(b"known", 3)
        return requests

    assert asyncio.run(talk()).at_work == {b"known": 3}


def test_the_keys_that_are_remembered_are_bounded(monkeypatch):
    monkeypatch.setattr(admission, "MAX_KNOWN", 2)
    known = KnownUsers()
    for number in (1, 2, 1, 3):
        known.note(b"%d" % number, number)
    assert [known.user_of(key) for key in (b"1", b"2", b"3", b"")] == [1, None, 3, None]
    known.note(b"1", None)
    assert known.user_of(b"1") is None


@pytest.mark.parametrize("are_known", [False, True])
def test_streams_that_come_at_the_same_moment_wait_for_each_other(are_known):
    """As after a start. Other requests, of which as many come, are refused as ever."""

    async def run() -> None:
        requests, keys = Requests(), [b"%d" % number for number in range(10 * PLACES)]
        if are_known:
            await requests.do(*keys)
        requests.path = admission.EVENTS
        streams = [task for key in keys for task in await requests.start(key)]
        assert 0 < requests.at_work.total() <= PLACES // admission.OPENING
        requests.path = "/api/pages"
        others = [task for key in keys for task in await requests.start(key)]
        requests.leave.set()
        await asyncio.gather(*streams, *others)
        assert requests.at_work.total() == len(keys) + len(keys) - len(requests.answers)
        assert {status for _, status in requests.answers} == {503}
        assert 0 < len(requests.answers) < len(keys)

    asyncio.run(run())


def test_a_stream_too_many_is_refused_without_asking_django(monkeypatch):
    async def open_stream(places: Places) -> list[tuple[bytes, int]]:
        requests = Requests()
        await requests.do(b"busy", b"other")
        monkeypatch.setattr(admission, "STREAMS", places)
        requests.path = admission.EVENTS
        with places.take(b"busy"):
            await requests.do(b"busy", b"other", b"unknown")
            requests.path = "/api/pages"
            await requests.do(b"busy")
        requests.path = admission.EVENTS
        await requests.do(b"busy")
        return requests.answers

    assert asyncio.run(open_stream(Places("streams", per_user=1))) == [(b"busy", 429)]
