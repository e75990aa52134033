"""Rows in the text format of PostgreSQL's COPY: how a dump has them, and how tables are filled."""

import re
from collections.abc import Iterable

from conversations.imports.legacy.source import MAX_VALUE
from conversations.lib.text import clean

MAX_LINE = 1024 * 1024  # bytes of one row
NULL = "\\N"
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
SPECIAL = re.compile(r"[\\\n\r\t]")
ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def split_line(line: bytes) -> list[str | None]:
    """Return the values of a row. What is not UTF-8 is replaced."""
    text = line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return [_value(field) for field in text.split("\t")]


def _value(field: str) -> str | None:
    if field == NULL:
        return None
    if "\\" in field:
        field = ESCAPED.sub(lambda match: LETTERS.get(match[1], match[1]), field)
    return clean(field[:MAX_VALUE])


def copy_line(values: Iterable[str | None]) -> str:
    """Return a row as COPY reads it."""
    return "\t".join([NULL if value is None else _escape(value) for value in values]) + "\n"


def _escape(value: str) -> str:
    return SPECIAL.sub(lambda match: ESCAPES[match[0]], value) if SPECIAL.search(value) else value
