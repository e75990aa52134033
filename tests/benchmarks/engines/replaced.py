"""The tables, requests and rows that both versions of the replaced application have in common.

The description of that application states neither column types nor the fields it requests. Both are chosen
in its favor: bigint keys, one index beside the keys, the fast JSON parser, times stored as Facebook writes
them, and no index on message ids, because it never looks one up. It stores the same data of a message as
Inbox and requests the same fields.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
import psycopg
import requests

from tests.benchmarks.graph_fields import FIELDS

SCHEMA = Path(__file__).with_suffix(".sql").read_bytes()

UPSERT = """
INSERT INTO messenger_conversations
    (page_id, sender_id, sender_name, last_message, last_message_time, message_count, unread_count, can_reply)
VALUES {rows}
ON CONFLICT (page_id, sender_id) DO UPDATE SET
    sender_name = excluded.sender_name, last_message = excluded.last_message,
    last_message_time = excluded.last_message_time, message_count = excluded.message_count,
    unread_count = excluded.unread_count, can_reply = excluded.can_reply, updated_at = now()
RETURNING id, sender_id, page_id, created_at, updated_at
"""
INSERT_EVENTS = """
INSERT INTO contact_interaction_events
    (conversation_id, kind, graph_id, occurred_at, text, attachments, data)
VALUES {rows}
"""

Row = list[Any]


class Application:
    """One Page and one connection. Each statement commits, as over the HTTP interface of its database."""

    def __init__(self, task: dict[str, Any]) -> None:
        self.page_id = task["pages"][0]["id"]
        self.url = f"{task['graph_url']}/v26.0/{self.page_id}/conversations"
        # Prepared statements made it slower here, because their plans are made for empty tables.
        self.connection = psycopg.connect(task["database_url"], autocommit=True, prepare_threshold=None)
        self.connection.execute(SCHEMA)
        self.cursor = psycopg.RawCursor(self.connection)
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {task['pages'][0]['token']}"
        self.requests = 0

    def batches(self, size: int) -> Iterator[list[dict[str, Any]]]:
        """Yield the conversations in batches of this size, until a response has no `next`."""
        params = {"fields": FIELDS, "platform": "messenger", "limit": str(size)}
        while True:
            response = self.session.get(self.url, params=params, timeout=60)
            response.raise_for_status()
            self.requests += 1
            body = orjson.loads(response.content)
            yield body["data"]
            if "next" not in body.get("paging", {}):
                return
            params["after"] = body["paging"]["cursors"]["after"]

    def conversation_row(self, conversation: dict[str, Any]) -> Row:
        customer = self.customer(conversation)
        newest = next(iter(messages_of(conversation)), {})
        return [
            self.page_id,
            customer["id"],
            customer.get("name", ""),
            newest.get("message") or conversation.get("snippet", ""),
            newest.get("created_time") or conversation.get("updated_time"),
            conversation.get("message_count", 0),
            conversation.get("unread_count", 0),
            conversation.get("can_reply", True),
        ]

    def customer(self, conversation: dict[str, Any]) -> dict[str, Any]:
        """Return the person who is not the Page: from the participants, or else from the messages."""
        messages = messages_of(conversation)
        named = [message["from"] for message in messages if "from" in message]
        named += [person for message in messages for person in message.get("to", {}).get("data", [])]
        people = conversation["participants"]["data"] + named
        return next(person for person in people if person["id"] != self.page_id)

    def event_rows(self, conversation: dict[str, Any], conversation_id: int) -> list[Row]:
        return [self.event_row(message, conversation_id) for message in reversed(messages_of(conversation))]

    def event_row(self, message: dict[str, Any], conversation_id: int) -> Row:
        rest = {name: message[name] for name in message if name not in ("id", "message", "attachments")}
        sent = message.get("from", {}).get("id") == self.page_id
        return [
            conversation_id,
            "message_sent" if sent else "message_received",
            message["id"],
            message["created_time"],
            message.get("message", ""),
            orjson.dumps(message.get("attachments", {}).get("data", [])).decode(),
            orjson.dumps(rest).decode(),
        ]

    def upsert(self, rows: list[Row]) -> dict[str, int]:
        """Write with one statement and transaction. Return the id of the conversation of each sender."""
        return {row[1]: row[0] for row in self.execute(UPSERT, rows).fetchall()}

    def insert_events(self, rows: list[Row]) -> None:
        """Write with one statement and transaction."""
        self.execute(INSERT_EVENTS, rows)

    def execute(self, template: str, rows: list[Row]) -> psycopg.RawCursor:
        values = [value for row in rows for value in row]
        return self.cursor.execute(statement(template, len(rows), len(rows[0])), values)


def messages_of(conversation: dict[str, Any]) -> list[dict[str, Any]]:
    return conversation.get("messages", {}).get("data", [])


@lru_cache
def statement(template: str, rows: int, columns: int) -> bytes:
    """Return SQL with native placeholders, cached: those of psycopg double the CPU time of the client."""
    numbers = [range(row * columns + 1, (row + 1) * columns + 1) for row in range(rows)]
    values = [f"({', '.join(f'${number}' for number in row)})" for row in numbers]
    return template.format(rows=", ".join(values)).encode()
