"""Reads Facebook's usage headers: developers.facebook.com/docs/graph-api/overview/rate-limiting."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

HEADERS = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
COUNTERS = ("call_count", "total_time", "total_cputime")
REGAIN_MINUTES = "estimated_time_to_regain_access"  # minutes
MAX_REGAIN_SECONDS = 7 * 24 * 3600  # a longer time is no estimate
MAX_LEVELS = 4  # of objects and lists around a row
# The types of rows that the codes of throttled requests are about.
TYPES_BY_CODE = {
    80000: "ads_insights",
    80001: "pages",
    80002: "instagram",
    80003: "custom_audience",
    80004: "ads_management",
    80005: "leadgen",
    80006: "messenger",
}


class UsageScope(Struct, frozen=True):
    """Whose counters concern a request: rows of these types, of these IDs. Empty: any.

    Facebook's third header has rows of several products and IDs, of which others may be full. If it has none
    of `ids`, its IDs are those of businesses, of which one is ours.
    """

    types: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def with_code(self, code: int | None) -> "UsageScope":
        """Return the scope of a request that was throttled with this code."""
        more = {TYPES_BY_CODE[code]} if self.types and code in TYPES_BY_CODE else set()
        return UsageScope(self.types | more, self.ids)

    def select(self, rows: Iterable[tuple[str, dict]]) -> list[dict]:
        """Return the rows that concern the request. `rows` are (ID, row); a row without an ID is ours."""
        known = list(rows)
        has_own = any(owner in self.ids for owner, _ in known)
        ids = {"", *self.ids} if has_own else {owner for owner, _ in known}
        return [row for owner, row in known if owner in ids and self._has_type(row)]

    def _has_type(self, row: dict) -> bool:
        kind = row.get("type")
        return not (self.types and isinstance(kind, str) and kind) or kind.lower() in self.types


ANY = UsageScope()


class Usage(Struct, frozen=True):
    """The highest counter in percent, and the seconds until requests are allowed again (0: not stated)."""

    percent: float = 0
    regain_seconds: float = 0

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], scope: UsageScope = ANY) -> "Usage":
        """Read the counters that concern the scope. Missing and malformed headers are ignored."""
        counts = [row for name in HEADERS[:2] for _, row in _rows(_json(headers.get(name)))]
        counts += scope.select(_rows(_json(headers.get(HEADERS[2]))))
        percent = max((_number(row.get(name)) for row in counts for name in COUNTERS), default=0)
        minutes = max((_number(row.get(REGAIN_MINUTES)) for row in counts), default=0)
        seconds = max(minutes * 60, _number(_json(headers.get("Retry-After"))))
        return cls(percent, min(seconds, MAX_REGAIN_SECONDS))


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def _rows(value: Any, owner: str = "", levels: int = MAX_LEVELS) -> Iterator[tuple[str, dict]]:
    """Yield (ID, row) of all rows with counters, in lists or not, under a key or not."""
    if not levels:
        return
    if isinstance(value, list):
        for item in value:
            yield from _rows(item, owner, levels - 1)
    elif isinstance(value, dict) and any(name in value for name in (*COUNTERS, REGAIN_MINUTES)):
        yield owner, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _rows(item, owner or key, levels - 1)


def _number(value: Any) -> float:
    """Return the value, which may be text, if it is a plausible positive number, else 0."""
    if isinstance(value, str):
        try:
            value = float(value.strip().removesuffix("%"))
        except ValueError:
            return 0
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1e9 and math.isfinite(value) and value > 0 else 0
