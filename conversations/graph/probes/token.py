"""Whose token it is, what it may do and how long."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conversations.graph.client import GraphClient
from conversations.graph.probes.batch import ask_batch, dicts

LATEST = 253402300799  # the last second of the year 9999, the last that a datetime holds


@dataclass(frozen=True)
class TokenFacts:
    """What /debug_token says. `granted`: permissions that hold for the Page or its Instagram account.

    Both clocks are seconds since 1970, 0 for never, None where it was not told.
    """

    granted: frozenset[str]
    expires_at: int | None
    data_access_expires_at: int | None


def token_facts(client: GraphClient, token: str, ids: set[str]) -> TokenFacts | None:
    """None: Facebook does not tell. Asked in a batch: the token would stand in a GET's address."""
    [part] = ask_batch(client, f"debug_token?input_token={quote(token, safe='')}")
    data = part.body.get("data")
    if not isinstance(data, dict) or not isinstance(data.get("scopes"), list):
        return None
    elsewhere = {row.get("scope") for row in dicts(data.get("granular_scopes")) if _is_elsewhere(row, ids)}
    return TokenFacts(
        frozenset(str(scope) for scope in data["scopes"] if scope not in elsewhere),
        _seconds(data.get("expires_at")),
        _seconds(data.get("data_access_expires_at")),
    )


def _is_elsewhere(row: dict, ids: set[str]) -> bool:
    """Whether a permission was given for other Pages only: people choose them one by one."""
    targets = row.get("target_ids")
    return isinstance(targets, list) and bool(targets) and not ids & {str(target) for target in targets}


def _seconds(value: Any) -> int | None:
    return min(max(value, 0), LATEST) if isinstance(value, int) else None


def granted_to(client: GraphClient) -> frozenset[str] | None:
    """What /me/permissions says, which knows persons rather than Pages; None: nothing."""
    answer = client.get("me/permissions")
    if not isinstance(answer.get("data"), list):
        return None
    granted = (row for row in dicts(answer["data"]) if row.get("status") == "granted")
    return frozenset(str(row.get("permission")) for row in granted)
