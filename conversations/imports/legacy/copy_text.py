"""Rows in the text format of PostgreSQL's COPY: how a dump has them, and how tables are filled."""

import re
from collections.abc import Iterable
from typing import cast

from conversations.imports.legacy.source import MAX_VALUE
from conversations.lib.text import clean

MAX_LINE = 1024 * 1024  # bytes of one row
NULL = "\\N"
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def split_line(line: bytes) -> list[str | None]:
    """Return the values of a row. What is not UTF-8 is replaced."""
    text = line.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    fields = text.split("\t")
    if "\\" in text or "\x00" in text or len(text) > MAX_VALUE:
        return list(map(_value, fields))
    return cast(list[str | None], fields)  # the usual line


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
    # The usual value is printable, and then has none of the others.
    return value if value.isprintable() and "\\" not in value else value.translate(ESCAPES)
