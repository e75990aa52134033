"""A run may be deleted, with its Page, while a request waits for it."""

import asyncio
import json

import pytest
from django.http import StreamingHttpResponse

from conversations.api.streaming import wait_for_run, watch_run
from conversations.api.subscriptions import RunReader
from inbox.accounts.api_authentication import ApiKeyCredential

MESSAGE = "The sync run was deleted with all data of its Page."

pytestmark = pytest.mark.django_db(transaction=True)


def test_waiting_request_gets_the_error():
    answer = asyncio.run(wait_for_run(RunReader(404, 0, ApiKeyCredential(0))))
    body = json.loads(answer.content)
    assert answer.status_code == 409
    assert (body["status"], body["error"], body["synced"]) == ("cancelled", MESSAGE, 0)


def test_stream_sends_the_end_and_stops():
    async def read() -> list[bytes]:
        answer = await watch_run(RunReader(404, 0, ApiKeyCredential(0)))
        assert isinstance(answer, StreamingHttpResponse)
        return [chunk async for chunk in answer]

    [chunk] = asyncio.run(read())
    message = json.loads(chunk.removeprefix(b"data: "))
    assert (message["status"], message["message"]) == ("cancelled", MESSAGE)
