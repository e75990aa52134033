"""Single values of what Graph sends: whatever their type is, something of ours comes out."""

import json
from datetime import UTC, datetime
from typing import Any

import orjson

BIGINT_MAX = 2**63 - 1
DEEPEST = 50  # levels of what we keep as it came; nothing that Facebook documents has ten


def as_dict(value: Any) -> dict:
    return value if isinstance(value, dict) else {}


def as_edge(value: Any) -> list:
    """The things of a list of Graph's, which come as `data` or bare."""
    items = value.get("data") if isinstance(value, dict) else value
    return items if isinstance(items, list) else []


def as_text(value: Any) -> str:
    if type(value) is str:
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def as_id(value: Any) -> str:
    """Ids are text today and were numbers once."""
    return value if type(value) is str else as_text(value) if isinstance(value, int) else ""


def as_count(value: Any) -> int | None:
    """A number of things, or None where it was not told."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(number, 0), BIGINT_MAX) if not isinstance(value, bool) else None


def as_time(value: Any) -> datetime | None:
    """Graph writes 2026-11-20T10:38:15+0000, always in UTC; seconds since 1970 are understood too."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            if moment.tzinfo is UTC:
                return moment
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def kept_json(value: Any) -> str:
    """JSON in one line, without any `paging` and without what lies too deep.

    May hold escapes of what is no text: NUL, half a surrogate.
    """
    text = _dumped(value)
    # Looking for a `paging` in what is written is quicker than in the value.
    is_plain = '"paging"' not in text and text.count("{") + text.count("[") <= DEEPEST
    return text if is_plain else _dumped(without_paging(value))


def _dumped(value: Any) -> str:
    try:
        return orjson.dumps(value).decode()
    except TypeError:  # half a surrogate, an integer of more than 64 bits, more levels than it likes
        return json.dumps(without_paging(value))


def without_paging(value: Any, depth: int = DEEPEST) -> Any:
    """The value without any `paging`, whose links hold the access token, and without what lies too deep."""
    if isinstance(value, dict):
        return {
            key: without_paging(item, depth - 1) for key, item in value.items() if key != "paging" and depth
        }
    if isinstance(value, list):
        return [without_paging(item, depth - 1) for item in value if depth]
    return value
