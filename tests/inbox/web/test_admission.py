"""Requests that come at the same time: strangers and each user leave room for the others."""

import asyncio
import gc
from collections import Counter

import pytest

from inbox.web.admission import QUEUE, Admission, claim_of

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
    """Requests that stay at work until `leave` is set."""

    def __init__(self) -> None:
        self.leave, self.at_work = asyncio.Event(), Counter[bytes]()
        self.answers: list[tuple[bytes, int]] = []
        self.server = Admission(self.work, PLACES)

    async def work(self, scope, receive, send) -> None:
        self.at_work[claim_of(scope)] += 1
        await self.leave.wait()

    async def start(self, key: bytes, number: int) -> list[asyncio.Task]:
        scope = {"type": "http", "path": "/api/pages", "headers": [(b"authorization", key)] if key else []}

        async def send(message: dict) -> None:
            if "status" in message:
                self.answers.append((key, message["status"]))

        tasks = [asyncio.create_task(self.server(scope, None, send)) for _ in range(number)]
        await asyncio.sleep(0.01)
        return tasks


def test_one_user_and_all_strangers_leave_places_to_the_others():
    async def talk() -> Requests:
        requests = Requests()
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
