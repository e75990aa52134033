"""Facebook's usage headers: developers.facebook.com/docs/graph-api/overview/rate-limiting."""

import json
from collections.abc import Mapping


def regain_seconds(headers: Mapping[str, str]) -> float:
    """How long until calls are allowed again; 0 where the headers are missing or do not say."""
    try:
        by_id = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
        minutes = [usage["estimated_time_to_regain_access"] for uses in by_id.values() for usage in uses]
        return max(map(float, minutes), default=0) * 60
    except (ValueError, TypeError, KeyError, AttributeError):
        return 0
