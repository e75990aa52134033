"""Writes the changed conversations and threads of a batch, with the unique keys or without them.

`before` holds the stored rows, read in the same transaction and under the same lock. Each written row gets
its primary key.

Each table takes one raw statement. The ORM's bulk_create(update_conflicts=True) would do the same for
conversations, but takes more time in Python than in PostgreSQL, and the writer is the busiest thread.
"""

from collections.abc import Collection, Mapping

from django.db import connection
from msgspec import Struct, field

from conversations.lib.text import as_json
from conversations.models import Conversation, Thread
from conversations.sync.load.reconcile import CONVERSATION_FIELDS, THREAD_FIELDS

SavedRow = Conversation | Thread


class Table(Struct, frozen=True):
    """The statements of one table. Its unique key is the Page and `key`; the other columns are `updated`."""

    name: str
    key: str
    updated: list[str]
    inserted_only: list[str] = field(default_factory=list)  # columns that only an insert sets

    @property
    def columns(self) -> list[str]:
        return ["page_id", self.key, *self.updated, *self.inserted_only]

    @property
    def insert(self) -> str:
        columns = ", ".join(self.columns)
        return f"INSERT INTO {self.name} ({columns}) SELECT {columns} FROM {self._rows}"  # noqa: S608 - constants

    @property
    def upsert(self) -> str:
        changes = ", ".join(f"{name} = EXCLUDED.{name}" for name in self.updated)
        return f"{self.insert} ON CONFLICT (page_id, {self.key}) DO UPDATE SET {changes}"

    @property
    def update(self) -> str:
        changes = ", ".join(f"{name} = state.{name}" for name in self.updated)
        return f"UPDATE {self.name} stored SET {changes} FROM {self._rows} state WHERE stored.id = state.id"  # noqa: S608 - constants

    @property
    def _rows(self) -> str:
        # As JSON: the driver takes longer to write an array of texts than the server to parse this.
        return f"json_populate_recordset(NULL::{self.name}, %s::json)"


CONVERSATIONS = Table(
    "conversations_conversation", "sender_id", [*CONVERSATION_FIELDS, "updated_at"], ["created_at"]
)
THREADS = Table("conversations_thread", "graph_id", THREAD_FIELDS)


def write_conversations(
    changed: dict[str, Conversation], before: dict[str, Conversation], *, is_keyed: bool
) -> None:
    """Insert or update the conversations. Both mappings are by sender ID."""
    for state in changed.values():
        state.created_at = state.created_at or state.updated_at
    _write(CONVERSATIONS, changed, before, is_keyed=is_keyed)


def write_threads(changed: dict[str, Thread], before: dict[str, Thread], *, is_keyed: bool) -> None:
    """Insert or update the threads. Both mappings are by thread ID."""
    _write(THREADS, changed, before, is_keyed=is_keyed)


def _write(
    table: Table, changed: Mapping[str, SavedRow], before: Mapping[str, SavedRow], *, is_keyed: bool
) -> None:
    if is_keyed:
        _insert(table, table.upsert, changed.values())
        return
    # Without the key, the rows read before say what is new. The lock keeps other writers out.
    for key in changed.keys() & before.keys():
        changed[key].pk = before[key].pk
    _run(table, table.update, [state for state in changed.values() if state.pk])
    _insert(table, table.insert, [state for state in changed.values() if not state.pk])


def _insert(table: Table, sql: str, states: Collection[SavedRow]) -> None:
    keys = dict(_run(table, f"{sql} RETURNING {table.key}, id", states))
    for state in states:
        state.pk, state._state.adding = keys[getattr(state, table.key)], False


def _run(table: Table, sql: str, states: Collection[SavedRow]) -> list[tuple[str, int]]:
    if not states:
        return []
    names = ["id", *table.columns]
    attributes = [vars(state) for state in states]  # faster than getattr() through Django's descriptors
    rows = [{name: values[name] for name in names} for values in attributes]
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(rows)])
        return cursor.fetchall() if cursor.description else []
