"""Finds out what a token may do and when it expires."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from conversations.graph.client import GraphClient
from conversations.graph.coercion import as_id
from conversations.graph.probes.batch import dicts, request_batch

LATEST = 253402300799  # the last second of the year 9999, the last that a datetime holds


@dataclass(frozen=True)
class TokenFacts:
    """What /debug_token says. `targets` has the Page IDs of permissions that were given for some Pages only.

    Both times are seconds since 1970, 0 for never, None if unknown.
    """

    scopes: frozenset[str]
    targets: Mapping[str, frozenset[str]]
    expires_at: int | None
    data_access_expires_at: int | None
    user_id: str = ""  # of the person who gave it, as the app of the token knows them

    def granted(self, ids: set[str]) -> frozenset[str]:
        """Return the permissions for a Page, given its ID and that of its Instagram account."""
        return frozenset(s for s in self.scopes if s not in self.targets or ids & self.targets[s])


def token_facts(client: GraphClient, token: str, *, app_token: str = "") -> TokenFacts | None:
    """Return what Facebook says about the token, or None if it says nothing.

    The request is sent in a batch, because the token would be in the URL of a GET. Facebook bodys an app
    about its own tokens (`app_token` is its ID and secret), and others only sometimes.
    """
    url = f"debug_token?input_token={quote(token, safe='')}"
    as_app = [f"{url}&access_token={quote(app_token, safe='')}"] if app_token else []
    facts = [_facts(one.body.get("data")) for one in request_batch(client, *as_app, url)]
    return next(filter(None, facts), None)


def _facts(data: Any) -> TokenFacts | None:
    if not isinstance(data, dict) or not isinstance(data.get("scopes"), list):
        return None
    return TokenFacts(
        frozenset(map(str, data["scopes"])),
        {str(row.get("scope")): _targets(row) for row in dicts(data.get("granular_scopes")) if _targets(row)},
        _seconds(data.get("expires_at")),
        _seconds(data.get("data_access_expires_at")),
        as_id(data.get("user_id")),
    )


def _targets(row: dict) -> frozenset[str]:
    """Return the IDs of the Pages for which people chose a permission, empty if unknown."""
    targets = row.get("target_ids")
    return frozenset(map(str, targets)) if isinstance(targets, list) else frozenset()


def _seconds(value: Any) -> int | None:
    return min(max(value, 0), LATEST) if isinstance(value, int) else None


def granted_to(client: GraphClient) -> frozenset[str] | None:
    """Return the permissions of /me/permissions, None if unknown. They are for the user, not for one Page."""
    body = client.get("me/permissions")
    if not isinstance(body.get("data"), list):
        return None
    granted = (row for row in dicts(body["data"]) if row.get("status") == "granted")
    return frozenset(str(row.get("permission")) for row in granted)
