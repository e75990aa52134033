"""One message on its way into the table of events, as text that COPY takes.

No model instance, and formatted where it is shaped, beside the network: there are thousands in a batch,
and the writer has enough to do.
"""

from datetime import datetime

from msgspec import Struct

TABLE = "conversations_interactionevent"
COLUMNS = "conversation_id, kind, graph_id, occurred_at, text, attachments, data"


class EventRow(Struct, frozen=True, gc=False):
    """What happened. `line`: all columns but the first, as COPY takes them in UTF-8, with the line's end."""

    kind: str
    graph_id: str
    occurred_at: datetime
    text: str
    line: bytes


def event_row(
    kind: str,
    graph_id: str,
    occurred_at: datetime,
    text: str,
    attachments: str = "[]",
    data: str = "{}",
    iso_time: str = "",
) -> EventRow:
    """`attachments` and `data` as JSON in one line; all of it text that PostgreSQL can hold (text.clean).

    `iso_time`: occurred_at, where somebody has written it already.
    """
    # JSON has no line ends and tabs but those that it escapes itself.
    if "\\" in attachments:
        attachments = attachments.replace("\\", "\\\\")
    if "\\" in data:
        data = data.replace("\\", "\\\\")
    moment = iso_time or occurred_at.isoformat()
    line = f"{kind}\t{_escaped(graph_id)}\t{moment}\t{_escaped(text)}\t{attachments}\t{data}\n"
    return EventRow(kind, graph_id, occurred_at, text, line.encode())


def _escaped(text: str) -> str:
    if "\\" not in text and text.isprintable():
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
