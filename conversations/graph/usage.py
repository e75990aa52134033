"""Facebook's usage headers: developers.facebook.com/docs/graph-api/overview/rate-limiting."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HEADERS = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
COUNTERS = ("call_count", "total_time", "total_cputime")
REGAIN = "estimated_time_to_regain_access"  # minutes
LONGEST_SECONDS = 7 * 24 * 3600  # what is said beyond is no estimate


@dataclass(frozen=True)
class Usage:
    """The highest of all counters in percent, and how long until calls are allowed again (0: not said)."""

    percent: float = 0
    regain_seconds: float = 0

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> "Usage":
        """Headers that are missing or malformed say nothing; the keys of the third may be any ids."""
        counts = [counted for name in HEADERS for counted in _objects(_json(headers.get(name)))]
        percent = max((_number(counted.get(name)) for counted in counts for name in COUNTERS), default=0)
        minutes = max((_number(counted.get(REGAIN)) for counted in counts), default=0)
        seconds = max(minutes * 60, _number(_json(headers.get("Retry-After"))))
        return cls(percent, min(seconds, LONGEST_SECONDS))


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> Iterator[dict]:
    """The object itself, or those in the lists under its keys."""
    if not isinstance(value, dict):
        return
    yield value
    for uses in value.values():
        if isinstance(uses, list):
            yield from (usage for usage in uses if isinstance(usage, dict))


def _number(value: Any) -> float:
    """The number where it is one that makes sense, else 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1e9 and math.isfinite(value) and value > 0 else 0
