"""Staff say that conversations are done, or that they are not. Each change leaves an event with its `act`.

However many they are, one statement does them, as with tags.
"""

import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from conversations.changes import publish_changes
from conversations.choosing import Chosen, chosen_ids
from conversations.locks import lock_rows
from conversations.reading.sql import Sql, rows, value

# `wanted`: pairs of id and the status it is to have.
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

# What still stands as the act left it: nobody has set it since, and the customer has not woken it.
STANDING = """
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
def change_status(status: str, chosen: Chosen, *, actor, act: uuid.UUID | None = None) -> set[int]:
    """Sets the status where it differs; returns the ids of what changed."""
    lock_rows(chosen.page_ids)
    changed = _change(with_status(chosen, status), actor, act or uuid.uuid4())
    if changed:
        publish_changes(chosen.page_ids)
    return changed


def would_change_status(status: str, chosen: Chosen) -> int:
    """How many of these conversations have another status. Writes and locks nothing."""
    others = chosen.ids.inside(
        "SELECT count(*) FROM ({}) AS chosen JOIN conversations_conversation AS c USING (id)"
    )
    return value(others + Sql.of(" WHERE c.conversation_status <> %s", status))


def set_status(
    conversation_ids: Collection[int], status: str, *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """The same for conversations that are known."""
    return change_status(status, chosen_ids(conversation_ids), actor=actor, act=act)


def undo_status(act: uuid.UUID, *, actor, own: uuid.UUID) -> set[int]:
    """Takes back what still stands of an act, as the act `own`. Runs inside the caller's locks."""
    return _change(Sql.of(STANDING, str(act)), actor, own)


def with_status(chosen: Chosen, status: str) -> Sql:
    return Sql.of("SELECT chosen.id, %s::text AS status FROM (", status) + chosen.ids + Sql(") AS chosen")


def _change(wanted: Sql, actor, act: uuid.UUID) -> set[int]:
    before, after = CHANGE.split("{wanted}")
    now = timezone.now()
    statement = Sql(before) + wanted + Sql.of(after, now, now, str(act), actor and actor.pk)
    return {pk for (pk,) in rows(statement)}
