"""Which stored messages are those of which nobody knows whether they were sent. Values only.

An echo gives back our `metadata`, which leaves no doubt. Without it, a message of the Page with the same
content within two minutes of the attempt is taken, each once: it is what a person would take it for.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from conversations.lib.attachments import KIND_OF_TYPE, attachments_of
from conversations.models.outbox import METADATA

NEAR = timedelta(minutes=2)


class Unsettled(Struct, frozen=True):
    """A message without a Facebook ID. `is_guessable`: its fate is unknown, so that likeness counts."""

    id: int
    metadata: str
    text: str
    file_kind: str
    attempted_at: datetime
    is_guessable: bool


class Candidate(Struct, frozen=True):
    """A message of the Page. `metadata` and `app_id` are empty where Facebook does not tell them."""

    graph_id: str
    occurred_at: datetime
    text: str
    attachments: list
    data: dict[str, Any]

    @property
    def metadata(self) -> str:
        value = self.data.get("metadata")
        return value if isinstance(value, str) else ""

    @property
    def app_id(self) -> str:
        return str(self.data.get("app_id") or "")


def match(
    messages: Iterable[Unsettled], candidates: Sequence[Candidate], *, own_app: str = ""
) -> dict[int, str]:
    """Return Facebook's IDs by those of the messages of one conversation. No ID is taken twice."""
    found: dict[int, str] = {}
    by_metadata: dict[str, Candidate] = {}
    for candidate in candidates:
        if candidate.metadata.startswith(METADATA):
            by_metadata.setdefault(candidate.metadata, candidate)
    rest = []
    for message in sorted(messages, key=lambda each: (each.attempted_at, each.id)):
        if message.metadata in by_metadata:
            found[message.id] = by_metadata[message.metadata].graph_id
        elif message.is_guessable:
            rest.append(message)
    free = [each for each in candidates if _may_be_ours(each, own_app, set(found.values()))]
    free.sort(key=lambda each: (each.occurred_at, each.graph_id))
    for message in rest:
        alike = next((each for each in free if is_alike(message, each)), None)
        if alike:
            found[message.id] = alike.graph_id
            free.remove(alike)
    return found


def _may_be_ours(candidate: Candidate, own_app: str, taken: Collection[str]) -> bool:
    """Whether nothing says that somebody else has sent it."""
    is_foreign = bool(own_app and candidate.app_id and candidate.app_id != own_app)
    return not candidate.metadata and not is_foreign and candidate.graph_id not in taken


def is_alike(message: Unsettled, candidate: Candidate) -> bool:
    if abs(candidate.occurred_at - message.attempted_at) > NEAR:
        return False
    if not message.file_kind:
        return bool(message.text) and candidate.text.strip() == message.text
    shown = attachments_of(candidate.attachments, candidate.data, candidate.text)
    return not candidate.text and [each.kind for each in shown] == [KIND_OF_TYPE[message.file_kind]]
