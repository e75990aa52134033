"""Converts single values of Graph's JSON to our types, whatever type they have."""

import json
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

BIGINT_MAX = 2**63 - 1
EPOCH = datetime.fromtimestamp(0, UTC)
UNIX_TIME = re.compile(r"\s*[0-9]{9,19}(\.[0-9]*)?\s*")  # fewer digits are a date: 20261120
MAX_SECONDS = 10**11  # of a time in seconds: the year 5138. Milliseconds have passed it since 1973
MAX_DEPTH = 50  # levels of stored raw values; nothing that Facebook documents has ten


def as_dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def as_edge(value: Any) -> list:
    """Return the items of a Graph edge, which is a list or an object with the list in `data`."""
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def as_text(value: Any) -> str:
    if type(value) is str:
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_id(value: Any) -> str:
    """Return the ID as text. Graph sends text today and sent numbers in the past."""
    return value if type(value) is str else as_text(value) if isinstance(value, int) else ""


def as_count(value: Any) -> int | None:
    """Return a count between 0 and the largest bigint, or None if it is unknown."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(number, 0), BIGINT_MAX) if not isinstance(value, bool) else None


def as_time(value: Any) -> datetime | None:
    """Return the time in UTC, or None if it is not usable.

    Graph writes 2026-11-20T10:38:15+0000, always in UTC. Seconds and smaller units since 1970 are accepted
    too, as a number or as text, and times as in mails. No message is older than 1970.
    """
    try:
        moment = _from_text(value) if isinstance(value, str) else _from_number(value)
    except (ValueError, OverflowError, OSError):
        return None
    return moment if moment and moment > EPOCH else None


def _from_text(value: str) -> datetime:
    # Digits first: fromisoformat() takes 1795112012345 for a day of the year 1795.
    if value[4:5] != "-" and UNIX_TIME.fullmatch(value):
        return datetime.fromtimestamp(_seconds(float(value)), UTC)
    try:
        moment = datetime.fromisoformat(value.strip().upper())
    except ValueError:
        moment = parsedate_to_datetime(value)
    if moment.tzinfo is UTC:
        return moment
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def _from_number(value: Any) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return datetime.fromtimestamp(_seconds(value), UTC)


def _seconds(number: float) -> float:
    """Return the seconds since 1970 of a number of seconds, milliseconds, micro- or nanoseconds."""
    units = (1, 1000, 10**6, 10**9)
    return next((number / unit for unit in units if number < MAX_SECONDS * unit), number)


def to_json_text(value: Any) -> str:
    """Return the value as JSON in one line, without any `paging` and without levels that are too deep.

    The text may contain escapes that PostgreSQL refuses: NUL and lone surrogates.
    """
    text = _dumps(value)
    # It is faster to look for `paging` in the text than in the value.
    is_plain = '"paging"' not in text and text.count("{") + text.count("[") <= MAX_DEPTH
    return text if is_plain else _dumps(without_paging(value))


def _dumps(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # a lone surrogate, an integer of more than 64 bits, too many levels for orjson
        return json.dumps(without_paging(value))


def without_paging(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return the value without any `paging`, whose links contain the token, and at most `depth` levels."""
    if isinstance(value, dict):
        return {
            key: without_paging(item, depth - 1) for key, item in value.items() if key != "paging" and depth
        }
    if isinstance(value, list):
        return [without_paging(item, depth - 1) for item in value if depth]
    return value
