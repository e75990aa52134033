"""The event stream: what one change costs however many read it, who gets it, and readers that are slow."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from django_eventstream.views import MAX_PENDING

from conversations.actions.tagging import tag_conversations
from conversations.api.streaming import watch_pages
from conversations.api.subscriptions import Permissions
from conversations.models import SyncRun
from conversations.realtime import changes
from conversations.realtime.changes import ChangeForwarder, event_of, forward, send
from tests.factories import ConversationFactory, PageFactory, SyncRunFactory, TagFactory

pytestmark = pytest.mark.django_db(transaction=True)


def send_change(page_id: int) -> None:
    send(page_id, "changed", event_of(page_id, None))


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


def test_slow_reader_gets_one_change_with_each_conversation_as_it_was_last():
    page = PageFactory()
    first, second = {"id": 1, "last_message": "one"}, {"id": 2, "last_message": "two"}

    async def read() -> str:
        chunks, _ = await open_stream(page.pk, is_manager=True)
        send(page.pk, "changed", event_of(page.pk, {1, 2}, unread=1, rows=[first, second]))
        send(page.pk, "changed", event_of(page.pk, {1}, unread=2, rows=[first | {"last_message": "newer"}]))
        send(page.pk, "changed", event_of(page.pk, {2}, unread=3, rows=[]))  # deleted
        text = await read_until(chunks, "changed")
        for number in range(MAX_PENDING):
            send(
                page.pk,
                "changed",
                event_of(page.pk, set(range(10 * number, 10 * number + 10)), unread=0, rows=[]),
            )
        return text + await read_until(chunks, "changed")

    few, many = changed(asyncio.run(read()))
    assert few == {
        "pageId": page.pk,
        "conversationIds": [1, 2],
        "unread": 3,
        "rows": [first | {"last_message": "newer"}],
    }
    assert many == {"pageId": page.pk, "conversationIds": None, "unread": 0}


def test_change_is_read_once_for_twenty_readers_and_not_at_all_for_none(monkeypatch):
    page, other = PageFactory(), PageFactory()
    row = ConversationFactory(page=page, unread_count=2, sender_name="Ana")
    tag_conversations([row.pk], [TagFactory(name="VIP")], actor=None)
    theirs = ConversationFactory(page=other)
    queries: list[int] = []
    read = changes.read_events

    def counted(pending):
        with CaptureQueriesContext(connection) as captured:
            events = read(pending)
        queries.append(len(captured))
        return events

    monkeypatch.setattr(changes, "read_events", counted)

    async def follow() -> tuple[list[str], str]:
        streams = [(await open_stream(page.pk, is_manager=number % 2 > 0))[0] for number in range(20)]
        elsewhere, _ = await open_stream(other.pk, is_manager=True)
        # The second is on another Page than it says.
        await forward({page.pk: {row.pk, theirs.pk}, 404: {1}})
        texts = [await read_until(chunks, "changed") for chunks in streams]
        await forward({other.pk: set(range(1, 12))})
        return texts, await read_until(elsewhere, "changed")

    texts, elsewhere = asyncio.run(follow())
    [event] = {json.dumps(changed(text)) for text in texts}
    [event] = json.loads(event)
    assert event["conversationIds"] == sorted([row.pk, theirs.pk])
    [shown] = event["rows"]
    assert (shown["sender_name"], shown["conversation_tags"][0]["tag"]["name"]) == ("Ana", "VIP")
    assert event["unread"] == 1
    assert changed(elsewhere) == [
        {"pageId": other.pk, "conversationIds": list(range(1, 12)), "unread": 0}  # too many to show
    ]
    assert queries == [3, 1]  # the rows, their tags, the unread ones


def test_changes_that_cannot_be_read_are_told_nevertheless(monkeypatch, caplog):
    page = PageFactory()

    def fail(pending):
        raise ValueError("the text of a message")

    monkeypatch.setattr(changes, "read_events", fail)

    async def follow() -> str:
        chunks, _ = await open_stream(page.pk, is_manager=True)
        await forward({page.pk: {7}})
        return await read_until(chunks, "changed")

    assert changed(asyncio.run(follow())) == [{"pageId": page.pk, "conversationIds": [7]}]
    assert "ValueError" in caplog.text
    assert "text of a message" not in caplog.text


def test_changes_of_half_a_second_are_one_event(monkeypatch):
    sent: list[dict] = []

    async def note(pending):
        sent.append(pending)

    monkeypatch.setattr(changes, "forward", note)
    monkeypatch.setattr(changes, "INTERVAL_SECONDS", 0.05)

    async def gather() -> None:
        forwarder = ChangeForwarder()
        task = asyncio.create_task(forwarder.run())
        forwarder.add(1, {1})
        while len(sent) < 1:
            await asyncio.sleep(0)
        for pk in range(2, 5):
            forwarder.add(1, {pk})
        forwarder.add(2, set(range(51)))
        forwarder.add(3, {7})
        forwarder.add(3, None)
        while len(sent) < 2:
            await asyncio.sleep(0)
        task.cancel()

    asyncio.run(gather())
    assert sent == [{1: {1}}, {1: {2, 3, 4}, 2: None, 3: None}]


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


def payloads(text: str) -> list[dict]:
    return [json.loads(line.removeprefix("data: ")) for line in text.splitlines() if "data: " in line]


def states(text: str) -> list[tuple[int, str]]:
    return [(state["run"], state["status"]) for state in payloads(text) if "run" in state]


def changed(text: str) -> list[dict]:
    return [event for event in payloads(text) if "pageId" in event]
