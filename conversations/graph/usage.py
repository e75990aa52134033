"""Facebook's usage headers: developers.facebook.com/docs/graph-api/overview/rate-limiting."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any


def regain_seconds(headers: Mapping[str, str]) -> float:
    """How long until calls are allowed again; 0 where the headers are missing or do not say."""
    try:
        by_id = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
    except (ValueError, RecursionError):
        return 0
    return max(_minutes(by_id), default=0) * 60


def _minutes(by_id: Any) -> Iterator[float]:
    for uses in by_id.values() if isinstance(by_id, dict) else ():
        for usage in uses if isinstance(uses, list) else ():
            minutes = usage.get("estimated_time_to_regain_access") if isinstance(usage, dict) else None
            if isinstance(minutes, int | float) and math.isfinite(minutes) and minutes > 0:
                yield minutes
