"""A run may be removed, with everything of its Page, while somebody waits for it."""

import asyncio
import json

import pytest
from django.http import StreamingHttpResponse

from conversations.api.rights import RunReader
from conversations.api.streams import wait_for_run, watch_run

WORDS = "It was removed with everything of its Page."

pytestmark = pytest.mark.django_db(transaction=True)


def test_who_waits_is_told():
    answer = asyncio.run(wait_for_run(RunReader(404, 0)))
    body = json.loads(answer.content)
    assert answer.status_code == 409
    assert (body["status"], body["error"], body["synced"]) == ("cancelled", WORDS, 0)


def test_who_watches_is_told_and_the_stream_ends():
    async def read() -> list[bytes]:
        answer = await watch_run(RunReader(404, 0))
        assert isinstance(answer, StreamingHttpResponse)
        return [chunk async for chunk in answer]

    [chunk] = asyncio.run(read())
    message = json.loads(chunk.removeprefix(b"data: "))
    assert (message["status"], message["message"]) == ("cancelled", WORDS)
