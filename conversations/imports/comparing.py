"""An imported thread beside a conversation to which it may belong, with what both have in common."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.models import ImportedThread

STATEMENTS = read_statements(__file__)
MAX_SHARED, MAX_LINES = 40, 60  # messages that are compared, and shown of each side
AROUND = timedelta(hours=12)  # what is shown before and after what both have


class Text(NamedTuple):
    """A message of one side."""

    event: int
    at: datetime
    kind: str
    text: str

    @property
    def is_received(self) -> bool:
        return self.kind == "message_received"


@dataclass
class Line:
    """One moment: what the archive has of it, and what the conversation has: both of the same message."""

    at: datetime
    archived: Text | None = None
    shown: Text | None = None
    is_proof: bool = False

    @property
    def is_shared(self) -> bool:
        return self.archived is not None and self.shown is not None


def compare(thread: ImportedThread, conversation_id: int) -> list[Line]:
    """Return the messages of both around those that they have in common, the oldest first."""
    shared = _fetch("shared", thread=thread.pk, conversation=conversation_id, limit=MAX_SHARED)
    times = [at for *_, at in shared] or [time for time in (thread.first_at, thread.last_at) if time]
    if not times:
        return []
    span: dict[str, Any] = {"first": min(times) - AROUND, "last": max(times) + AROUND, "limit": MAX_LINES}
    own = _texts(thread=thread.pk, conversation=thread.conversation_id, **span)
    others = _texts(thread=None, conversation=conversation_id, **span)
    lines = {text.event: Line(text.at, archived=text) for text in own}
    for archived, shown, is_proof, _ in shared:
        line, other = lines.get(archived), next((text for text in others if text.event == shown), None)
        if line and other and line.shown is None:
            line.shown, line.is_proof = other, is_proof
            others.remove(other)
    rest = [Line(text.at, shown=text) for text in others]
    return sorted([*lines.values(), *rest], key=lambda line: line.at)


def _texts(**parameters: Any) -> list[Text]:
    return [Text(*row) for row in _fetch("texts_of", **parameters)]


def _fetch(name: str, **parameters: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS[name], parameters)
        return cursor.fetchall()
