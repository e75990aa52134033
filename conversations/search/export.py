"""Exports all conversations that match a search as CSV or NDJSON, in chunks, so memory use is constant."""

import csv
import io
from collections.abc import Iterable, Iterator

import orjson

from conversations.search.criteria import SearchCriteria
from conversations.search.results import read_all

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
FACEBOOK_IDS = ("page_id", "sender_id")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets accept the wide ones, too
BYTE_ORDER_MARK = "\ufeff"  # tells spreadsheets that the file is UTF-8


def as_ndjson(criteria: SearchCriteria, page_names: dict[str, str]) -> Iterator[bytes]:
    for chunk in read_all(criteria):
        lines = (
            orjson.dumps({**row, "page_name": page_names.get(row["page_id"], "")}, option=orjson.OPT_UTC_Z)
            for row in chunk
        )
        yield b"".join(line + b"\n" for line in lines)


def as_csv(criteria: SearchCriteria, page_names: dict[str, str]) -> Iterator[bytes]:
    chunks = read_all(criteria)
    first = next(chunks, [])  # together with the header: if it is too slow, nothing has been sent yet
    header = BYTE_ORDER_MARK + csv_lines([COLUMNS])
    yield (header + csv_lines(csv_row(row, page_names) for row in first)).encode()
    for chunk in chunks:
        yield csv_lines(csv_row(row, page_names) for row in chunk).encode()


def csv_lines(lines: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


def csv_row(row: dict, page_names: dict[str, str]) -> list[str]:
    ids = {name: id_cell(row[name]) for name in FACEBOOK_IDS}
    tags = names_in_cell(tag_row["tag"]["name"] for tag_row in row["conversation_tags"])
    values = {**row, "page_name": page_names.get(row["page_id"], ""), "tags": tags}
    return [ids.get(name) or csv_cell(values[name]) for name in COLUMNS]


def id_cell(text: str) -> str:
    """An apostrophe before an ID of digits: spreadsheets round numbers of more than 15 digits."""
    return f"'{text}" if text.isdigit() else csv_cell(text)


def names_in_cell(names: Iterable[str]) -> str:
    """Separate names by commas; those with a comma or a quotation mark are quoted, as in a line of CSV."""
    return ", ".join(csv_lines([[name]]).rstrip("\r\n") for name in names)


def csv_cell(value) -> str:
    """Format a value as text. An apostrophe before it keeps spreadsheets from running it as a formula."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


FORMATS = {"csv": as_csv, "ndjson": as_ndjson}
CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
