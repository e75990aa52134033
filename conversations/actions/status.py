"""Sets the status of conversations, open or done; one statement for any number of them.

Each change creates an event. The events of one operation share its UUID, in `data["act"]`.
"""

import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from conversations.actions.targets import Targets, targets_by_id
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_changes
from conversations.search.sql import Sql, fetch_all, fetch_value

# `wanted` is a query for pairs of id and new status.
CHANGE = """
WITH wanted AS MATERIALIZED ({wanted}), before AS MATERIALIZED (
  SELECT c.id, c.conversation_status AS status, wanted.status AS wanted
  FROM wanted JOIN conversations_conversation AS c ON c.id = wanted.id
  WHERE c.conversation_status <> wanted.status
), changed AS (
  UPDATE conversations_conversation AS c
  SET conversation_status = before.wanted, updated_at = %s::timestamptz
  FROM before WHERE c.id = before.id
), told AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT id, 'status_changed', %s::timestamptz, '', '[]'::jsonb,
    jsonb_build_object('from', status, 'to', wanted, 'act', %s::text), %s::bigint
  FROM before ORDER BY id
)
SELECT id FROM before
"""

# The changes of an operation that can be undone: nobody has set the status since, and the customer has not
# reopened the conversation.
UNDOABLE = """
SELECT c.id, e.data->>'from' AS status FROM conversations_interactionevent AS e
JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.data->>'act' = %s AND e.kind = 'status_changed' AND c.conversation_status = e.data->>'to'
AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at
    AND later.id > e.id AND later.kind = 'status_changed'
)
"""


@transaction.atomic
def change_status(status: str, targets: Targets, *, actor, operation: uuid.UUID | None = None) -> set[int]:
    """Set the status where it differs, and return the IDs of the conversations that changed."""
    lock_rows(targets.page_ids)
    changed = _change(targets_with_status(targets, status), actor, operation or uuid.uuid4())
    if changed:
        notify_changes(targets.page_ids)
    return changed


def count_status_changes(status: str, targets: Targets) -> int:
    """Count the conversations that have another status, without changing or locking anything."""
    others = targets.ids.inside(
        "SELECT count(*) FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
    )
    return fetch_value(others + Sql.of(" WHERE c.conversation_status <> %s", status))


def set_status(
    conversation_ids: Collection[int], status: str, *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Set the status of conversations by ID, and return the IDs of those that changed."""
    return change_status(status, targets_by_id(conversation_ids), actor=actor, operation=operation)


def undo_status(operation: uuid.UUID, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of an operation, as `undo_operation`. The caller must hold the locks."""
    return _change(Sql.of(UNDOABLE, str(operation)), actor, undo_operation)


def targets_with_status(targets: Targets, status: str) -> Sql:
    return Sql.of("SELECT chosen.id, %s::text AS status FROM (", status) + targets.ids + Sql(") AS chosen")


def _change(statuses: Sql, actor, operation: uuid.UUID) -> set[int]:
    before, after = CHANGE.split("{wanted}")
    now = timezone.now()
    statement = Sql(before) + statuses + Sql.of(after, now, now, str(operation), actor and actor.pk)
    return {pk for (pk,) in fetch_all(statement)}
