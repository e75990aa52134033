"""One message on its way into the table of events, as text that COPY takes.

No model instance, and formatted where it is shaped, beside the network: there are thousands in a batch,
and the writer has enough to do.
"""

from datetime import datetime
from typing import NamedTuple

TABLE = "conversations_interactionevent"
COLUMNS = "conversation_id, kind, graph_id, occurred_at, text, attachments, data"


class EventRow(NamedTuple):
    """What happened. `line`: all columns but the first, in COPY's text format, with the line's end."""

    kind: str
    graph_id: str
    occurred_at: datetime
    text: str
    line: str


def event_row(
    kind: str, graph_id: str, occurred_at: datetime, text: str, attachments: str = "[]", data: str = "{}"
) -> EventRow:
    """`attachments` and `data` as JSON in one line; all of it text that PostgreSQL can hold (text.clean)."""
    # JSON has no line ends and tabs but those that it escapes itself.
    attachments, data = attachments.replace("\\", "\\\\"), data.replace("\\", "\\\\")
    line = (
        f"{kind}\t{_escaped(graph_id)}\t{occurred_at.isoformat()}\t{_escaped(text)}\t{attachments}\t{data}\n"
    )
    return EventRow(kind, graph_id, occurred_at, text, line)


def _escaped(text: str) -> str:
    if "\\" not in text and text.isprintable():
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
