"""Reads Facebook's usage and version headers for a Page."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.graph.client import GraphClient
from conversations.graph.errors import shorten
from conversations.graph.probes.batch import request_batch
from conversations.graph.usage import HEADERS, Usage, UsageScope


@dataclass(frozen=True)
class Headers:
    """The API version of the responses, the names of the usage headers, and the highest usage."""

    version: str
    names: tuple[str, ...]
    usage: Usage


def probe_headers(client: GraphClient, page_id: str, platforms: Sequence[str]) -> Headers:
    """Return the headers of one small request for each platform.

    To be called last: Facebook sends usage headers only after some calls.
    """
    urls = [f"{page_id}/conversations?platform={one}&limit=1&fields=id" for one in platforms]
    headers = [response.headers for response in request_batch(client, *urls)]
    scopes = [UsageScope(frozenset({one}), frozenset({page_id})) for one in platforms]
    return Headers(
        next(
            (shorten(version, "", 20) for one in headers if (version := one.get("facebook-api-version"))), ""
        ),
        tuple(name for name in HEADERS if any(name in one for one in headers)),
        max(
            (Usage.from_headers(one, scope) for one, scope in zip(headers, scopes, strict=True)),
            key=lambda usage: (usage.regain_seconds, usage.percent),
        ),
    )
