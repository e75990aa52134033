"""Cells of CSV files that spreadsheets show as they are: text is never a formula, and no ID is rounded."""

import csv
import io
from collections.abc import Iterable

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - spreadsheets accept the wide ones, too
BYTE_ORDER_MARK = "\ufeff"  # tells spreadsheets that the file is UTF-8


def csv_lines(lines: Iterable[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()


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
