"""What a source of rows is: the tables that are read, and the errors that a source raises."""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Protocol

from msgspec import Struct

# The tables and the columns that are read, in the order in which a database is read. Everything else, tokens
# above all, is never requested from a database and is passed over in files.
TABLES: dict[str, tuple[str, ...]] = {
    "facebook_pages": ("id", "facebook_page_id", "name"),
    "messenger_conversations": (
        "id",
        "page_id",
        "sender_id",
        "sender_name",
        "last_message",
        "last_message_time",
        "conversation_status",
        "created_at",
        "updated_at",
    ),
    "tags": ("id", "name", "color", "created_at"),
    "conversation_tags": ("id", "conversation_id", "tag_id", "created_at"),
    "pipeline_stages": ("id", "name", "color", "created_at"),
    "pipeline_opportunities": (
        "id",
        "conversation_id",
        "stage_id",
        "manually_assigned",
        "manually_assigned_at",
        "notes",
        "created_at",
        "updated_at",
    ),
    "contact_interaction_events": (
        "id",
        "conversation_id",
        "event_type",
        "event_timestamp",
        "is_outbound",
        "metadata",
    ),
}
CONVERSATIONS = "messenger_conversations"
# Without these a row says nothing. Others may be missing: there were many versions of the tables.
REQUIRED = {
    "facebook_pages": {"id", "facebook_page_id"},
    CONVERSATIONS: {"page_id", "sender_id"},
    "tags": {"id", "name"},
    "conversation_tags": {"conversation_id", "tag_id"},
    "pipeline_stages": {"id", "name"},
    "pipeline_opportunities": {"conversation_id"},
    "contact_interaction_events": {"conversation_id", "event_timestamp", "metadata"},
}
# Every version of the old application had these.
EXPECTED = ("facebook_pages", CONVERSATIONS, "tags", "conversation_tags")
TOKENS = "access_token"  # the column that is never read
MAX_VALUE = 100_000  # characters of one value; no column that is read needs more

Row = tuple[str | None, ...]  # the values in the order of TABLES; None: null, or there is no such column


class SourceError(Exception):
    """The source cannot be read. The text says why, and never holds an address, a password or a value."""


class WrongSource(SourceError):
    """It is not what the caller meant to name: another file or another command is needed."""


class Block(Struct):
    """Rows of one table. A row is None if it cannot be read."""

    table: str
    rows: Iterable[Row | None]


class Source(Protocol):
    """Where the rows come from. `notes` are for the owner; `done` of `total` is read, in any unit.

    `absent` names the EXPECTED tables that there are not, as soon as all blocks are read.
    """

    notes: list[str]
    total: int

    @property
    def done(self) -> int: ...

    @property
    def absent(self) -> list[str]: ...

    def blocks(self) -> Iterator[Block]:
        """Yield the rows of the tables that there are. Each block is read before the next one."""
        ...


def absent_tables(found: Container[str]) -> list[str]:
    return [table for table in EXPECTED if table not in found]


def places_of(table: str, columns: Sequence[str]) -> list[int | None]:
    """Return where each column of TABLES stands among `columns`. Raises WrongSource if one is needed."""
    if missing := sorted(REQUIRED[table] - set(columns)):
        raise WrongSource(
            f"The table {table} has no column {', '.join(missing)}: it is another application's."
        )
    found = {name: place for place, name in reversed(list(enumerate(columns)))}
    return [found.get(name) for name in TABLES[table]]


def pick(values: Sequence[str | None], places: Sequence[int | None]) -> Row:
    """Return the values at these places."""
    return tuple([None if place is None else values[place] for place in places])
