"""One message as a line of text that COPY reads into the table of events.

A batch has thousands of messages: no model instances are made of them, and the lines are formatted where the
answers are parsed, not by the writer, which is the busiest thread.
"""

import json
from datetime import datetime
from typing import Any

from msgspec import Struct, structs

from conversations.graph.messages import MessageHeader

TABLE = "conversations_interactionevent"
NULL = "\\N"
UNKNOWN_TIME = '"time":"unknown"'  # in `data`
COLUMNS = "conversation_id, kind, graph_id, occurred_at, text, attachments, data, header, fingerprint, rank"


class EventRow(Struct, frozen=True, gc=False):
    """An event. `line` holds all columns but the first as COPY reads them, in UTF-8, with a line end.

    Without `has_time`, Facebook shows no usable time, and `occurred_at` is assumed: `has_neighbor` if it is
    that of the next older message. `fingerprint` is None if the message came without some of its fields.
    """

    kind: str
    graph_id: str
    occurred_at: datetime
    text: str
    line: bytes
    fingerprint: int | None = None
    rank: int = 0
    has_time: bool = True
    has_neighbor: bool = False
    header: MessageHeader | None = None


def event_row(
    kind: str,
    graph_id: str,
    occurred_at: datetime,
    text: str,
    attachments: str = "[]",
    data: str = "{}",
    iso_time: str = "",
    *,
    fingerprint: int | None = None,
    rank: int = 0,
    has_time: bool = True,
    has_neighbor: bool = False,
    header: MessageHeader | None = None,
) -> EventRow:
    """Return a row. All texts must be storable in PostgreSQL (see `text.clean()`).

    `attachments` and `data` are JSON on a single line. `iso_time` is `occurred_at` as text, if the caller
    has it. Without `has_time` the time is marked as unknown in `data`.
    """
    if not has_time:
        data = f"{data[:-1]}{',' if len(data) > len('{}') else ''}{UNKNOWN_TIME}}}"
    time = iso_time or occurred_at.isoformat()
    line = event_line(
        kind,
        escape(graph_id),
        time,
        escape(text),
        attachments,
        data,
        NULL if header is None else header.key,
        NULL if fingerprint is None else fingerprint,
        rank,
    )
    return EventRow(
        kind, graph_id, occurred_at, text, line, fingerprint, rank, has_time, has_neighbor, header
    )


def event_line(
    kind: str,
    graph_id: str,
    time: str,
    text: str,
    attachments: str,
    data: str,
    header: int | str,
    fingerprint: int | str,
    rank: int,
) -> bytes:
    """Return the columns as COPY reads them. ID and text are escaped; JSON needs it only for backslashes."""
    if "\\" in attachments:
        attachments = attachments.replace("\\", "\\\\")
    if "\\" in data:
        data = data.replace("\\", "\\\\")
    columns = f"{kind}\t{graph_id}\t{time}\t{text}\t{attachments}\t{data}\t{header}\t{fingerprint}\t{rank}\n"
    return columns.encode()


def with_place(event: EventRow, rank: int, occurred_at: datetime) -> EventRow:
    """Return the event at another place within its second: two columns of its line, the time and the last."""
    if (rank, occurred_at) == (event.rank, event.occurred_at):
        return event
    line, _, _ = event.line.rpartition(b"\t")
    if occurred_at != event.occurred_at:
        kind, graph_id, _, rest = line.split(b"\t", 3)
        line = b"\t".join([kind, graph_id, occurred_at.isoformat().encode(), rest])
    return structs.replace(event, line=b"%b\t%d\n" % (line, rank), rank=rank, occurred_at=occurred_at)


def event_json(event: EventRow) -> tuple[Any, Any]:
    """Return the attachments and the data of an event. They are not kept apart: few events are compared."""
    attachments, data = event.line.decode().split("\t")[4:6]
    return json.loads(attachments.replace("\\\\", "\\")), json.loads(data.replace("\\\\", "\\"))


def escape(text: str) -> str:
    """Return the text as COPY reads it."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
