"""The lines of a file of messages: conversation by conversation, the oldest message of each first."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import groupby

import orjson

from conversations.exports.csv_cells import csv_cell, csv_lines, id_cell, names_in_cell
from conversations.lib.attachments import attachments_of
from conversations.lib.sql_files import read_statements
from conversations.lib.timeouts import statement_timeout
from conversations.search import rows
from conversations.search.sql import Sql, fetch_all

COLUMNS = [
    "id",
    "conversation_id",
    "page_id",
    "page_name",
    "sender_id",
    "sender_name",
    "platform",
    "kind",
    "occurred_at",
    "text",
    "attachments",
    "graph_id",
]
PARQUET = (
    dict.fromkeys(COLUMNS, "text")
    | {"id": "integer", "conversation_id": "integer", "occurred_at": "time"}
    | {"data": "text"}  # JSON, as `attachments`
)
FIELDS = ["id", "kind", "graph_id", "occurred_at", "text", "attachments", "data"]  # of a message
OF_CONVERSATION = ["page_id", "sender_id", "sender_name", "platform"]
FACEBOOK_IDS = ("page_id", "sender_id", "graph_id")
AT_FIRST, AT_ONCE = 100, 1000  # messages of one conversation in one statement: with others, alone
PART_SECONDS = 30.0  # of a statement
STATEMENTS = read_statements(__file__)
TIME = Sql.compose(rows.STATEMENTS["time"], column=Sql("e.occurred_at"))


def as_ndjson(conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
    for conversation, messages in messages_of(conversations):
        head = shared_values(conversation, page_names)
        parts = {name: conversation[name] for name in OF_CONVERSATION}
        for message in messages:
            json_texts = {name: orjson.Fragment(message[name]) for name in ("attachments", "data")}
            line = {**message, **parts, **head, **json_texts}
            yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def as_csv(conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
    for conversation, messages in messages_of(conversations):
        head = conversation | shared_values(conversation, page_names)
        yield csv_lines(csv_row(message, head) for message in messages).encode()


def as_records(conversations: list[dict], page_names: Mapping[str, str]) -> Iterator[tuple]:
    """Yield the values of PARQUET."""
    for conversation, messages in messages_of(conversations):
        shared = conversation | shared_values(conversation, page_names)
        for message in messages:
            time = {"occurred_at": datetime.fromisoformat(message["occurred_at"])}
            values = {**shared, **message, **time}
            yield tuple(values[name] for name in PARQUET)


def shared_values(conversation: dict, page_names: Mapping[str, str]) -> dict:
    page_name = page_names.get(conversation["page_id"], "")
    return {"conversation_id": conversation["id"], "page_name": page_name}


def csv_row(message: dict, conversation: dict) -> list[str]:
    values = {**conversation, **message, "attachments": attachments_cell(message)}
    return [(id_cell if name in FACEBOOK_IDS else csv_cell)(values[name] or "") for name in COLUMNS]


def attachments_cell(message: dict) -> str:
    """Name the attachments: "Image image-7, File order.pdf"."""
    attachments, data = json.loads(message["attachments"]), json.loads(message["data"])
    found = attachments_of(attachments, data, message["text"])
    return names_in_cell(f"{one.kind} {one.name}".strip() for one in found)


# -- reading -----------------------------------------------------------------------------------------------
def messages_of(conversations: Iterable[dict]) -> Iterator[tuple[dict, list[dict]]]:
    """Yield each conversation with its messages, a long one several times.

    One statement reads the first messages of all of them; what is left of a long one is read by itself.
    """
    by_id = {row["id"]: row for row in conversations}
    first = read("first_messages", ids=list(by_id), limit=AT_FIRST)
    for conversation_id, group in groupby(first, key=lambda values: values[0]):
        messages, limit = list(group), AT_FIRST
        while messages:
            yield by_id[conversation_id], [as_message(values) for values in messages]
            messages, limit = rest_of(conversation_id, messages, limit), AT_ONCE


def rest_of(conversation_id: int, messages: list[tuple], limit: int) -> list[tuple]:
    """Read the messages after these. Fewer than `limit` were the last ones."""
    if len(messages) < limit:
        return []
    return read("next_messages", conversation=conversation_id, after=messages[-1][1], limit=AT_ONCE)


def read(statement: str, **parameters) -> list[tuple]:
    with statement_timeout(PART_SECONDS):
        return fetch_all(Sql.compose(STATEMENTS[statement], time=TIME, **parameters))


def as_message(values: tuple) -> dict:
    """`attachments` and `data` stay JSON texts."""
    return dict(zip(FIELDS, values[1:], strict=True))
