"""Puts messages of archives into the table of `staging` by COPY, and from there into the tables, as sets."""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from unicodedata import normalize

from django.db import connection

from conversations.imports.archives.threads import ArchiveMessage
from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json, clean
from conversations.models import ImportedThread, InteractionEvent
from conversations.sync.load.event_row import escape
from conversations.sync.load.imported.staging import COLUMNS, MIN_PROOF
from conversations.sync.load.live.message_state import FROM_ARCHIVE

STATEMENTS = read_statements(__file__)
CHUNK_LINES = 2000  # sent at once
EPOCH = datetime.fromtimestamp(0, UTC)
LAST_MS = 253_402_300_799_999  # of the year 9999
THREAD_COLUMNS = (
    "id",
    "conversation_id",
    "state",
    "customer_name",
    "message_count",
    "first_at",
    "last_at",
    "has_gaps",
    "digest",
)
RECEIVED, SENT = InteractionEvent.Kind.MESSAGE_RECEIVED.value, InteractionEvent.Kind.MESSAGE_SENT.value


class Counts(NamedTuple):
    """Messages that were imported before, that are stored already, and that are new."""

    known: int
    stored: int
    new: int


def has_time(message: ArchiveMessage) -> bool:
    return 0 < message.time_ms <= LAST_MS


def time_of(message: ArchiveMessage) -> datetime:
    return EPOCH + timedelta(milliseconds=message.time_ms)


def kind_of(message: ArchiveMessage) -> str:
    return SENT if message.is_from_page else RECEIVED


def is_proof(message: ArchiveMessage) -> bool:
    """Whether the message can prove whose a thread is (see sync.load.imported.matching)."""
    if message.is_from_page or message.is_prose or message.data.get("deleted"):
        return False
    text = message.text
    return len(text if text.isascii() else normalize("NFC", text)) >= MIN_PROOF


def data_of(message: ArchiveMessage) -> str:
    """Return `data` of the event, as COPY reads it."""
    ms = message.time_ms % 1000
    if not (message.data or message.is_prose or message.reactions):  # nearly all
        return f'{{"source":"{FROM_ARCHIVE}","ms":{ms}}}'
    data = message.data | {"source": FROM_ARCHIVE, "ms": ms}
    data |= {"prose": True} if message.is_prose else {}
    return escape(as_json(data | ({"reactions": list(message.reactions)} if message.reactions else {})))


def stage(owned: Iterable[tuple[int, Iterable[tuple[str, ArchiveMessage]]]]) -> None:
    """Stage the messages of these threads, with their keys, and mark those that were imported before."""
    owned = list(owned)
    command = STATEMENTS["copy"].format(columns=COLUMNS)
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(command) as copy:
        for chunk in _chunks(_lines(owned)):
            copy.write(chunk)
    _mark_known([thread for thread, _ in owned])


def _mark_known(thread_ids: list[int]) -> None:
    """Most threads have nothing yet, and looking for each of their messages takes longer than this."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["imported_before"], {"threads": thread_ids})
        if before := [pk for (pk,) in cursor.fetchall()]:
            cursor.execute(STATEMENTS["mark_known"], {"threads": before})


def count() -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["count"])
        return Counts(*cursor.fetchone())


def insert(thread_ids: Collection[int]) -> None:
    """Store the staged messages of these threads that were not imported before."""
    with connection.cursor() as cursor:
        for name in ("insert_events", "insert_messages"):
            cursor.execute(STATEMENTS[name], {"threads": list(thread_ids)})


def save_threads(rows: Iterable[ImportedThread]) -> None:
    """Write what an import changes of these rows. The ORM would take longer to write the statement."""
    values = [{name: _plain(getattr(row, name)) for name in THREAD_COLUMNS} for row in rows]
    if values:
        with connection.cursor() as cursor:
            cursor.execute(STATEMENTS["save_threads"], {"rows": as_json(values)})


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def events_of(messages: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Return the primary keys of the events of messages, by thread and import key."""
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["events_of"], {"messages": as_json(list(messages))})
        return {(thread, key.hex): event for thread, key, event in cursor.fetchall()}


def _lines(owned: Iterable[tuple[int, Iterable[tuple[str, ArchiveMessage]]]]) -> Iterator[str]:
    for thread, messages in owned:
        for key, message in messages:
            yield _line(thread, key, message)


def _line(thread: int, key: str, message: ArchiveMessage) -> str:
    columns = (
        str(thread),
        key,
        kind_of(message),
        time_of(message).isoformat(),
        str(message.time_ms // 1000),
        escape(clean(message.text)),
        escape(as_json(list(message.attachments))) if message.attachments else "[]",
        data_of(message),
        "t" if message.is_prose else "f",
        "t" if is_proof(message) else "f",
    )
    return "\t".join(columns) + "\n"


def _chunks(lines: Iterable[str]) -> Iterator[bytes]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) >= CHUNK_LINES:
            yield "".join(chunk).encode()
            chunk = []
    yield "".join(chunk).encode()
