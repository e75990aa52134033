"""How the changed rows of a batch get into their tables, with the unique keys and without them.

`before` is what the tables held of these rows, read in the same transaction and under the same lock. Each
row that is written gets its primary key.
"""

from collections.abc import Collection

from django.db import connection

from conversations.models import Conversation, Thread
from conversations.sync.merge import CONVERSATION_FIELDS, THREAD_FIELDS
from conversations.text import as_json

CHUNK = 500


def write_conversations(
    changed: dict[str, Conversation], before: dict[str, Conversation], *, is_keyed: bool
) -> None:
    """`changed` and `before` by sender."""
    fields = [*CONVERSATION_FIELDS, "updated_at"]
    if is_keyed:
        Conversation.objects.bulk_create(
            changed.values(),
            update_conflicts=True,
            unique_fields=["page", "sender_id"],
            update_fields=fields,
            batch_size=CHUNK,
        )
        return
    # No key that could say what is new: what was read says it, and nobody else writes meanwhile.
    for sender in changed.keys() & before.keys():
        changed[sender].pk = before[sender].pk
    Conversation.objects.bulk_update(
        [state for state in changed.values() if state.pk], fields, batch_size=CHUNK
    )
    Conversation.objects.bulk_create([state for state in changed.values() if not state.pk], batch_size=CHUNK)


COLUMNS = ", ".join(["page_id", "graph_id", *THREAD_FIELDS])
# As JSON, because the driver takes longer to write an array of texts than the server to take this apart.
ROWS = "json_populate_recordset(NULL::conversations_thread, %s::json)"
INSERT = f"INSERT INTO conversations_thread ({COLUMNS}) SELECT {COLUMNS} FROM {ROWS}"  # noqa: S608 - constants
UPSERT = f"{INSERT} ON CONFLICT (page_id, graph_id) DO UPDATE SET " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in THREAD_FIELDS
)
UPDATE = (
    "UPDATE conversations_thread stored SET "  # noqa: S608 - constants
    + ", ".join(f"{name} = state.{name}" for name in THREAD_FIELDS)
    + f" FROM {ROWS} state WHERE stored.id = state.id"
)


def write_threads(changed: dict[str, Thread], before: dict[str, Thread], *, is_keyed: bool) -> None:
    """`changed` and `before` by graph_id."""
    if is_keyed:
        _insert(UPSERT, changed.values())
        return
    for graph_id in changed.keys() & before.keys():
        changed[graph_id].pk = before[graph_id].pk
    _run(UPDATE, [state for state in changed.values() if state.pk])
    _insert(INSERT, [state for state in changed.values() if not state.pk])


def _insert(sql: str, states: Collection[Thread]) -> None:
    keys = dict(_run(f"{sql} RETURNING graph_id, id", states))
    for state in states:
        state.pk, state._state.adding = keys[state.graph_id], False


def _run(sql: str, states: Collection[Thread]) -> list[tuple[str, int]]:
    if not states:
        return []
    names = ["id", "page_id", "graph_id", *THREAD_FIELDS]
    rows = [{name: getattr(state, name) for name in names} for state in states]
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(rows)])
        return cursor.fetchall() if cursor.description else []
