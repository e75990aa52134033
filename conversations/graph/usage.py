"""Reads Facebook's usage headers: developers.facebook.com/docs/graph-api/overview/rate-limiting."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HEADERS = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
COUNTERS = ("call_count", "total_time", "total_cputime")
REGAIN_MINUTES = "estimated_time_to_regain_access"  # minutes
MAX_REGAIN_SECONDS = 7 * 24 * 3600  # a longer time is no estimate


@dataclass(frozen=True)
class Usage:
    """The highest counter in percent, and the seconds until requests are allowed again (0: not stated)."""

    percent: float = 0
    regain_seconds: float = 0

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> "Usage":
        """Missing and malformed headers are ignored. The keys of the third header may be any IDs."""
        counts = [counters for name in HEADERS for counters in _objects(_json(headers.get(name)))]
        percent = max((_number(counters.get(name)) for counters in counts for name in COUNTERS), default=0)
        minutes = max((_number(counters.get(REGAIN_MINUTES)) for counters in counts), default=0)
        seconds = max(minutes * 60, _number(_json(headers.get("Retry-After"))))
        return cls(percent, min(seconds, MAX_REGAIN_SECONDS))


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _objects(value: Any) -> Iterator[dict]:
    """Yield the object itself and the objects in the lists under its keys."""
    if not isinstance(value, dict):
        return
    yield value
    for uses in value.values():
        if isinstance(uses, list):
            yield from (usage for usage in uses if isinstance(usage, dict))


def _number(value: Any) -> float:
    """Return the value if it is a plausible positive number, else 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1e9 and math.isfinite(value) and value > 0 else 0
