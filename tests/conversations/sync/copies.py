"""The data of a Page at Facebook and in the tables, in the same form, so that both can be compared."""

from collections import defaultdict
from typing import Any

from django.db import connection

from conversations import models
from conversations.lib.text import clean
from conversations.models import InteractionEvent, Thread
from conversations.sandbox import Page, World, truth
from conversations.sandbox.data.truth import TrueMessage, TrueThread
from conversations.sandbox.responses.nodes import THREAD_VALUES

Kind = InteractionEvent.Kind
TABLES = ("conversation", "thread", "interactionevent", "conversationtag")


def expected_copy(world: World, shop: Page) -> dict[str, Any]:
    """Return by sender what an exact copy of Facebook's data contains."""
    threads = defaultdict(list)
    for thread in truth(world, shop):
        threads[clean(thread.customer_id or "")].append(thread)
    return {sender: _of_sender(listed, shop) for sender, listed in threads.items()}


def _of_sender(threads: list[TrueThread], shop: Page) -> dict[str, Any]:
    newest = max(threads, key=lambda thread: (thread.updated_time, thread.id))
    messages = [message for thread in threads for message in thread.messages]
    last = max(newest.messages, key=lambda message: message.created_time)
    return {
        "graph_id": newest.id,
        "sender_name": clean(newest.customer_name or ""),
        "last_message": clean(
            newest.messages[-1].message or THREAD_VALUES["snippet"](shop.threads[newest.id])
        ),
        "last_message_time": last.created_time,
        "message_count": len(newest.messages),
        "unread_count": newest.unread_count,
        "can_reply": newest.can_reply,
        "threads": {thread.id: (thread.updated_time, len(thread.messages), "complete") for thread in threads},
        "messages": {clean(message.id): _message(message) for message in messages},
    }


def _message(message: TrueMessage) -> tuple:
    kind = Kind.MESSAGE_SENT if message.from_page else Kind.MESSAGE_RECEIVED
    return (
        kind if message.from_id else Kind.MESSAGE_UNKNOWN,
        message.created_time,
        clean(message.message or ""),
        message.fields.get("attachments", []),
        message.fields.get("sticker"),
        (message.fields.get("reply_to") or {}).get("mid"),
    )


def stored_copy(page: models.Page) -> dict[str, Any]:
    """Return by sender what the tables contain."""
    rows = page.conversations.prefetch_related("threads", "events")
    return {
        row.sender_id: {
            name: getattr(row, name)
            for name in (
                "graph_id",
                "sender_name",
                "last_message",
                "last_message_time",
                "message_count",
                "unread_count",
                "can_reply",
            )
        }
        | {
            "threads": {
                thread.graph_id: (thread.updated_time, thread.held_count, thread.history)
                for thread in row.threads.all()
            },
            "messages": {
                event.graph_id: (
                    event.kind,
                    event.occurred_at,
                    event.text,
                    event.attachments,
                    event.data.get("sticker"),
                    event.data.get("reply_to"),
                )
                for event in row.events.all()
                if event.graph_id
            },
        }
        for row in rows
    }


def assert_exact(page: models.Page, world: World, shop: Page) -> None:
    """Assert that exactly the threads and messages that Facebook shows are stored."""
    expected, stored = expected_copy(world, shop), stored_copy(page)
    assert stored.keys() == expected.keys()
    for sender, copy in expected.items():
        assert stored[sender] == copy
    assert not page.threads.filter(state=Thread.State.OWED).exists()
    assert InteractionEvent.objects.filter(
        conversation__page=page, kind__startswith="message"
    ).count() == sum(len(copy["messages"]) for copy in expected.values())


def row_versions() -> dict[str, list]:
    """Return the position of each row and the transaction that wrote it: they change with any write."""
    versions = {}
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"SELECT id, xmin::text, ctid::text FROM conversations_{table} ORDER BY id")  # noqa: S608 - a constant
            versions[table] = cursor.fetchall()
    return versions
