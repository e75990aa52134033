"""What Facebook's headers say of what is used up."""

from collections.abc import Sequence
from dataclasses import dataclass

from conversations.graph.client import GraphClient
from conversations.graph.errors import in_short
from conversations.graph.probes.batch import ask_batch
from conversations.graph.usage import HEADERS, Usage


@dataclass(frozen=True)
class Headers:
    """Those of answers to this Page: the version that answered, which headers told of usage, and what."""

    version: str
    names: tuple[str, ...]
    usage: Usage


def probe_headers(client: GraphClient, page_id: str, platforms: Sequence[str]) -> Headers:
    """Asked last: usage is told only after some calls."""
    urls = [f"{page_id}/conversations?platform={one}&limit=1&fields=id" for one in platforms]
    answers = [part.headers for part in ask_batch(client, *urls)]
    return Headers(
        next((in_short(found, "", 20) for one in answers if (found := one.get("facebook-api-version"))), ""),
        tuple(name for name in HEADERS if any(name in one for one in answers)),
        max((Usage.of(one) for one in answers), key=lambda usage: (usage.regain_seconds, usage.percent)),
    )
