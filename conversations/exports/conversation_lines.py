"""The lines of a file of conversations: one for each."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import orjson

from conversations.exports.csv_cells import csv_cell, csv_lines, id_cell, names_in_cell

COLUMNS = [
    "id",
    "page_id",
    "page_name",
    "sender_id",
    "sender_name",
    "platform",
    "conversation_status",
    "tags",
    "last_message_time",
    "message_count",
    "unread_count",
    "created_at",
    "updated_at",
    "last_message",
    "last_message_from",
    "attachment_kinds",
    "assignee",
    "snoozed_until",
]
FACEBOOK_IDS = ("page_id", "sender_id")
NUMBERS = ("id", "message_count", "unread_count")
TIMES = ("last_message_time", "created_at", "updated_at", "snoozed_until")
SEVERAL = ("tags", "attachment_kinds")
KINDS = dict.fromkeys(NUMBERS, "integer") | dict.fromkeys(TIMES, "time") | dict.fromkeys(SEVERAL, "texts")
PARQUET = {name: KINDS.get(name, "text") for name in COLUMNS}


def as_ndjson(rows: Iterable[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
    for row in rows:
        named = {**row, "page_name": page_names.get(row["page_id"], "")}
        yield orjson.dumps(named, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def as_csv(rows: Iterable[dict], page_names: Mapping[str, str]) -> Iterator[bytes]:
    yield csv_lines(csv_row(row, page_names) for row in rows).encode()


def as_records(rows: Iterable[dict], page_names: Mapping[str, str]) -> Iterator[tuple]:
    """Yield the values of PARQUET."""
    for row in rows:
        times = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in TIMES}
        named = {
            "page_name": page_names.get(row["page_id"], ""),
            "tags": [tag_row["tag"]["name"] for tag_row in row["conversation_tags"]],
            "assignee": row["assignee"] and row["assignee"]["name"],
        }
        values = {**row, **times, **named}
        yield tuple(values[name] for name in COLUMNS)


def csv_row(row: dict, page_names: Mapping[str, str]) -> list[str]:
    ids = {name: id_cell(row[name]) for name in FACEBOOK_IDS}
    tags = names_in_cell(tag_row["tag"]["name"] for tag_row in row["conversation_tags"])
    kinds = ", ".join(row["attachment_kinds"])
    named = {"page_name": page_names.get(row["page_id"], ""), "tags": tags, "attachment_kinds": kinds}
    named["assignee"] = row["assignee"]["name"] if row["assignee"] else ""
    values = {**row, **named}
    return [ids.get(name) or csv_cell(values[name]) for name in COLUMNS]
