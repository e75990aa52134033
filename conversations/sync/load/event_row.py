"""One message as a line of text that COPY reads into the table of events.

A batch has thousands of messages: no model instances are made of them, and the lines are formatted where the
answers are parsed, not by the writer, which is the busiest thread.
"""

from datetime import datetime

from msgspec import Struct

TABLE = "conversations_interactionevent"
UNKNOWN_TIME = '"time":"unknown"'  # in `data`
COLUMNS = "conversation_id, kind, graph_id, occurred_at, text, attachments, data"


class EventRow(Struct, frozen=True, gc=False):
    """An event. `line` holds all columns but the first as COPY reads them, in UTF-8, with a line end.

    Without `has_time`, Facebook shows no usable time, and `occurred_at` is assumed.
    """

    kind: str
    graph_id: str
    occurred_at: datetime
    text: str
    line: bytes
    has_time: bool = True


def event_row(
    kind: str,
    graph_id: str,
    occurred_at: datetime,
    text: str,
    attachments: str = "[]",
    data: str = "{}",
    iso_time: str = "",
    *,
    has_time: bool = True,
) -> EventRow:
    """Return a row. All texts must be storable in PostgreSQL (see `text.clean()`).

    `attachments` and `data` are JSON on a single line. `iso_time` is `occurred_at` as text, if the caller
    has it. Without `has_time` the time is marked as unknown in `data`.
    """
    if not has_time:
        data = f"{data[:-1]}{',' if len(data) > len('{}') else ''}{UNKNOWN_TIME}}}"
    # JSON escapes line ends and tabs itself.
    if "\\" in attachments:
        attachments = attachments.replace("\\", "\\\\")
    if "\\" in data:
        data = data.replace("\\", "\\\\")
    time = iso_time or occurred_at.isoformat()
    line = f"{kind}\t{_escape(graph_id)}\t{time}\t{_escape(text)}\t{attachments}\t{data}\n"
    return EventRow(kind, graph_id, occurred_at, text, line.encode(), has_time)


def _escape(text: str) -> str:
    if "\\" not in text and text.isprintable():
        return text
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
