"""What Facebook's headers say of what is used up."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.graph.client import GraphClient
from conversations.graph.probes.batch import as_object, ask_batch, dicts

HEADERS = ("X-App-Usage", "X-Page-Usage", "X-Business-Use-Case-Usage")
COUNTERS = ("call_count", "total_cputime", "total_time")
REGAIN = "estimated_time_to_regain_access"  # in minutes


@dataclass(frozen=True)
class Usage:
    """What the headers of answers say. `percent`: the fullest of all counters, None where none came."""

    version: str
    headers: tuple[str, ...]
    percent: float | None
    regain_minutes: float


def probe_usage(client: GraphClient, page_id: str, platforms: Sequence[str]) -> Usage:
    """Asked last: the headers come only after some calls."""
    urls = [f"{page_id}/conversations?platform={one}&limit=1&fields=id" for one in platforms]
    headers = [part.headers for part in ask_batch(client, *urls)]
    told = {name: [values[name.lower()] for values in headers if name.lower() in values] for name in HEADERS}
    rows = [row for texts in told.values() for text in texts for row in _rows(as_object(text))]
    return Usage(
        next((values["facebook-api-version"] for values in headers if "facebook-api-version" in values), ""),
        tuple(name for name, texts in told.items() if texts),
        max((row[name] for row in rows for name in COUNTERS if _is_number(row.get(name))), default=None),
        max((row[REGAIN] for row in rows if _is_number(row.get(REGAIN))), default=0),
    )


def _rows(usage: dict) -> list[dict]:
    """X-Business-Use-Case-Usage lists rows by id, the others are one row."""
    by_id = [row for rows in usage.values() for row in dicts(rows)]
    return by_id or [usage]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)
