"""Whose token it is, what it may do and how long."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conversations.graph.client import GraphClient
from conversations.graph.probes.batch import ask_batch, dicts

LATEST = 253402300799  # the last second of the year 9999, the last that a datetime holds


@dataclass(frozen=True)
class TokenFacts:
    """What /debug_token says. `targets`: of permissions that were given for some Pages only, their ids.

    Both clocks are seconds since 1970, 0 for never, None where it was not told.
    """

    scopes: frozenset[str]
    targets: Mapping[str, frozenset[str]]
    expires_at: int | None
    data_access_expires_at: int | None

    def granted(self, ids: set[str]) -> frozenset[str]:
        """The permissions that hold for a Page: these are its id and that of its Instagram account."""
        return frozenset(s for s in self.scopes if s not in self.targets or ids & self.targets[s])


def token_facts(client: GraphClient, token: str, *, app_token: str = "") -> TokenFacts | None:
    """None: Facebook does not tell. Asked in a batch: the token would stand in a GET's address.

    Facebook tells an app about its own tokens (`app_token`: its id and secret), others only at times.
    """
    question = f"debug_token?input_token={quote(token, safe='')}"
    as_app = [f"{question}&access_token={quote(app_token, safe='')}"] if app_token else []
    told = [_facts(part.body.get("data")) for part in ask_batch(client, *as_app, question)]
    return next(filter(None, told), None)


def _facts(data: Any) -> TokenFacts | None:
    if not isinstance(data, dict) or not isinstance(data.get("scopes"), list):
        return None
    return TokenFacts(
        frozenset(map(str, data["scopes"])),
        {str(row.get("scope")): _targets(row) for row in dicts(data.get("granular_scopes")) if _targets(row)},
        _seconds(data.get("expires_at")),
        _seconds(data.get("data_access_expires_at")),
    )


def _targets(row: dict) -> frozenset[str]:
    """For which Pages a permission was given: people choose them one by one. Empty: it does not say."""
    targets = row.get("target_ids")
    return frozenset(map(str, targets)) if isinstance(targets, list) else frozenset()


def _seconds(value: Any) -> int | None:
    return min(max(value, 0), LATEST) if isinstance(value, int) else None


def granted_to(client: GraphClient) -> frozenset[str] | None:
    """What /me/permissions says, which knows persons rather than Pages; None: nothing."""
    answer = client.get("me/permissions")
    if not isinstance(answer.get("data"), list):
        return None
    granted = (row for row in dicts(answer["data"]) if row.get("status") == "granted")
    return frozenset(str(row.get("permission")) for row in granted)
