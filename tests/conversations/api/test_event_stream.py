"""A stream whose client reads slowly: its queue overflows, and it catches up from the rows of the runs."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from django_eventstream.views import MAX_PENDING

from conversations.api.streaming import watch_pages
from conversations.api.subscriptions import Permissions
from conversations.models import SyncRun
from conversations.realtime.listener import send_change
from tests.factories import PageFactory, SyncRunFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("is_manager", [True, False])
def test_overflowed_stream_gets_the_end_of_each_run_and_a_change(is_manager):
    page = PageFactory()
    first = SyncRunFactory(page=page, status="syncing")

    def end_and_start_again() -> SyncRun:
        try:
            SyncRun.objects.filter(pk=first.pk).update(status="error", error="Facebook failed.")
            return SyncRunFactory(page=page, status="syncing")
        finally:
            connection.close()  # of this thread

    async def read() -> tuple[str, SyncRun]:
        chunks, text = await open_stream(page.pk, is_manager=is_manager)
        assert states(text) == [(first.pk, "syncing")]
        for _ in range(MAX_PENDING + 1):
            send_change(page.pk)
        second = await sync_to_async(end_and_start_again)()
        return await read_until(chunks, f'"run": {second.pk}'), second

    text, second = asyncio.run(read())
    assert states(text) == [(first.pk, "error"), (second.pk, "syncing")]
    assert text.count("event: changed") == 2  # of the queued ones, then of the dropped ones
    assert ("Facebook failed." in text) is is_manager


def test_stream_that_keeps_up_reads_nothing_again():
    page = PageFactory()

    async def read() -> str:
        chunks, _ = await open_stream(page.pk, is_manager=True)
        for _ in range(MAX_PENDING):
            send_change(page.pk)
        await read_until(chunks, "changed")
        send_change(page.pk)
        return await read_until(chunks, "changed")

    assert asyncio.run(read()).count("event: changed") == 1


async def open_stream(page_id: int, *, is_manager: bool) -> tuple[AsyncIterator[bytes], str]:
    """Return the chunks of a stream that listens, and its first events: the current states."""
    permissions = Permissions([page_id], {page_id} if is_manager else set())
    response = await watch_pages(0, lambda: permissions)
    assert isinstance(response, StreamingHttpResponse)
    chunks = aiter(response)
    assert await anext(chunks) == b": open\n\n"
    return chunks, (await anext(chunks)).decode()


async def read_until(chunks: AsyncIterator[bytes], part: str) -> str:
    text = ""
    while part not in text:
        text += (await anext(chunks)).decode()
        assert "still here" not in text, f"nothing more arrives: {text}"
    return text


def states(text: str) -> list[tuple[int, str]]:
    lines = [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if "data: " in line]
    return [(state["run"], state["status"]) for state in lines if "run" in state]
