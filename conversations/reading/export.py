"""The current filter as a file: rows of the list, one a line, however many, a part at a time in memory."""

import csv
import io
from collections.abc import Iterable, Iterator

import orjson

from conversations.reading.listing import read_all
from conversations.reading.selection import Selection

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
]
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets read the wide ones, too
BYTE_ORDER_MARK = "\ufeff"  # by it spreadsheets know that the file is UTF-8


def as_ndjson(selection: Selection, page_names: dict[str, str]) -> Iterator[bytes]:
    for part in read_all(selection):
        lines = (
            orjson.dumps({**row, "page_name": page_names.get(row["page_id"], "")}, option=orjson.OPT_UTC_Z)
            for row in part
        )
        yield b"".join(line + b"\n" for line in lines)


def as_csv(selection: Selection, page_names: dict[str, str]) -> Iterator[bytes]:
    yield (BYTE_ORDER_MARK + table([COLUMNS])).encode()
    for part in read_all(selection):
        yield table(cells(row, page_names) for row in part).encode()


def table(lines: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def cells(row: dict, page_names: dict[str, str]) -> list[str]:
    tags = ", ".join(tag_row["tag"]["name"] for tag_row in row["conversation_tags"])
    shown = {**row, "page_name": page_names.get(row["page_id"], ""), "tags": tags}
    return [cell(shown[name]) for name in COLUMNS]


def cell(value) -> str:
    """As text; what a spreadsheet would run as a formula is told to be text by an apostrophe."""
    if value is None:
        return ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


FORMATS = {"csv": as_csv, "ndjson": as_ndjson}
TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
