"""How the changed rows of a batch get into their tables, with the unique keys and without them.

`before` is what the tables held of these rows, read in the same transaction and under the same lock. Each
row that is written gets its primary key.

One raw statement for each table. The ORM's bulk_create(update_conflicts=True) says the same of conversations,
but takes longer in Python than in PostgreSQL, which a writer that is busy all the time feels.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db import connection

from conversations.models import Conversation, Thread
from conversations.sync.merge import CONVERSATION_FIELDS, THREAD_FIELDS
from conversations.text import as_json

Row = Conversation | Thread


@dataclass(frozen=True)
class Table:
    """The statements of one table: a row is known by its Page and `key`; `newer`: the columns that change."""

    name: str
    key: str
    newer: list[str]
    once: list[str] = field(default_factory=list)  # what is only written with a new row

    @property
    def columns(self) -> list[str]:
        return ["page_id", self.key, *self.newer, *self.once]

    @property
    def insert(self) -> str:
        columns = ", ".join(self.columns)
        return f"INSERT INTO {self.name} ({columns}) SELECT {columns} FROM {self._rows}"  # noqa: S608 - constants

    @property
    def upsert(self) -> str:
        changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in self.newer)
        return f"{self.insert} ON CONFLICT (page_id, {self.key}) DO UPDATE SET {changes}"

    @property
    def update(self) -> str:
        changes = ", ".join(f"{name} = state.{name}" for name in self.newer)
        return f"UPDATE {self.name} stored SET {changes} FROM {self._rows} state WHERE stored.id = state.id"  # noqa: S608 - constants

    @property
    def _rows(self) -> str:
        # As JSON: the driver takes longer to write an array of texts than the server to take this apart.
        return f"json_populate_recordset(NULL::{self.name}, %s::json)"


CONVERSATIONS = Table(
    "conversations_conversation", "sender_id", [*CONVERSATION_FIELDS, "updated_at"], ["created_at"]
)
THREADS = Table("conversations_thread", "graph_id", THREAD_FIELDS)


def write_conversations(
    changed: dict[str, Conversation], before: dict[str, Conversation], *, is_keyed: bool
) -> None:
    """`changed` and `before` by sender."""
    for state in changed.values():
        state.created_at = state.created_at or state.updated_at
    _write(CONVERSATIONS, changed, before, is_keyed=is_keyed)


def write_threads(changed: dict[str, Thread], before: dict[str, Thread], *, is_keyed: bool) -> None:
    """`changed` and `before` by graph_id."""
    _write(THREADS, changed, before, is_keyed=is_keyed)


def _write(table: Table, changed: Mapping[str, Row], before: Mapping[str, Row], *, is_keyed: bool) -> None:
    if is_keyed:
        _insert(table, table.upsert, changed.values())
        return
    # No key that could say what is new: what was read says it, and nobody else writes meanwhile.
    for key in changed.keys() & before.keys():
        changed[key].pk = before[key].pk
    _run(table, table.update, [state for state in changed.values() if state.pk])
    _insert(table, table.insert, [state for state in changed.values() if not state.pk])


def _insert(table: Table, sql: str, states: Collection[Row]) -> None:
    keys = dict(_run(table, f"{sql} RETURNING {table.key}, id", states))
    for state in states:
        state.pk, state._state.adding = keys[getattr(state, table.key)], False


def _run(table: Table, sql: str, states: Collection[Row]) -> list[tuple[str, int]]:
    if not states:
        return []
    names = ["id", *table.columns]
    held = [vars(state) for state in states]  # Django's way to each value is a call
    rows = [{name: values[name] for name in names} for values in held]
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(rows)])
        return cursor.fetchall() if cursor.description else []
