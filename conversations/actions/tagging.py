"""Adds tags to conversations and removes them: the only module that writes ConversationTag.

Each change creates an event that names the user. The events of one operation share its UUID in `data["act"]`.
One statement changes any number of conversations: SQL selects them (Targets), not a list in Python, unless
the caller provides IDs.
"""

import uuid
from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.utils import timezone

from conversations.actions.status import undo_status
from conversations.actions.targets import Targets, count_targets, targets_by_id
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_changes
from conversations.models import Page
from conversations.search.sql import Sql, fetch_all, fetch_value
from tags.models import Tag

# `leaving` and `coming` are queries for the pairs of conversation_id and tag_id to remove and to add.
CHANGE = """
WITH leaving AS MATERIALIZED ({leaving}), coming AS MATERIALIZED ({coming}),
removed AS (
  DELETE FROM conversations_conversationtag AS old USING leaving
  WHERE (old.conversation_id, old.tag_id) = (leaving.conversation_id, leaving.tag_id)
  RETURNING old.conversation_id, old.tag_id
), added AS (
  INSERT INTO conversations_conversationtag
    (conversation_id, tag_id, page_id, last_message_time, actor_id, created_at, act)
  SELECT c.id, coming.tag_id, c.page_id, c.last_message_time, %s::bigint, %s::timestamptz, %s::uuid
  FROM coming JOIN conversations_conversation AS c ON c.id = coming.conversation_id
  ORDER BY c.id, coming.tag_id
  ON CONFLICT (conversation_id, tag_id) DO NOTHING
  RETURNING conversation_id, tag_id
), changes AS (
  SELECT conversation_id, tag_id, 'tag_removed' AS kind FROM removed
  UNION ALL SELECT conversation_id, tag_id, 'tag_added' FROM added
), told AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT changes.conversation_id, changes.kind, %s::timestamptz, '', '[]'::jsonb,
    jsonb_build_object('id', tag.id, 'name', tag.name, 'act', %s::text), %s::bigint
  FROM changes JOIN tags_tag AS tag ON tag.id = changes.tag_id
  ORDER BY changes.conversation_id, changes.kind DESC, tag.id
)
SELECT DISTINCT conversation_id FROM changes
"""
NO_PAIRS = Sql("SELECT NULL::bigint AS conversation_id, NULL::bigint AS tag_id WHERE false")
MISSING_PAIRS = (
    "SELECT chosen.id AS conversation_id, wanted.tag_id FROM ({chosen}) AS chosen"
    " CROSS JOIN unnest(%s::bigint[]) AS wanted(tag_id)"
)
PRESENT_PAIRS = (
    "SELECT x.conversation_id, x.tag_id FROM conversations_conversationtag AS x"
    " JOIN ({chosen}) AS chosen ON chosen.id = x.conversation_id WHERE x.tag_id {which} ALL(%s::bigint[])"
)
WITH_TAG = "SELECT conversation_id AS id FROM conversations_conversationtag WHERE tag_id = %s"


class TagInUse(Exception):
    """The tag cannot be deleted because conversations have it."""

    def __init__(self, conversations: int):
        super().__init__(f"The tag is on {conversations} conversation{'s' * (conversations != 1)}.")
        self.conversations = conversations


# -- actions: queries for the pairs to remove and to add ---------------------------------------------------
def assign(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """Return queries for the pairs to remove and the pairs to add."""
    return NO_PAIRS, for_targets(MISSING_PAIRS, targets, tag_ids)


def remove(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    return for_targets(PRESENT_PAIRS.replace("{which} ALL", "= ANY"), targets, tag_ids), NO_PAIRS


def replace(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """Remove all other tags, and add these where they are missing."""
    others = for_targets(PRESENT_PAIRS.replace("{which}", "<>"), targets, tag_ids)
    return others, for_targets(MISSING_PAIRS, targets, tag_ids)


def for_targets(template: str, targets: Targets, tag_ids: list[int]) -> Sql:
    return Sql(template.replace("{chosen}", targets.ids.text), (*targets.ids.params, tag_ids))


ACTIONS = {"assign": assign, "remove": remove, "replace": replace}


@transaction.atomic
def change_tags(
    action: str, targets: Targets, tags: Iterable[Tag], *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Assign, remove or replace tags, and return the IDs of the conversations that changed."""
    lock_rows(targets.page_ids)
    leaving, coming = ACTIONS[action](targets, [tag.pk for tag in tags])
    changed = _change(leaving, coming, actor, operation or uuid.uuid4())
    if changed:
        notify_changes(targets.page_ids)
    return changed


def count_tag_changes(action: str, targets: Targets, tags: Iterable[Tag]) -> int:
    """Count the conversations that change_tags() would change, without changing or locking anything."""
    leaving, coming = ACTIONS[action](targets, [tag.pk for tag in tags])
    missing = coming.inside(
        "SELECT conversation_id FROM ({}) AS coming WHERE NOT EXISTS"
        " (SELECT FROM conversations_conversationtag AS x"
        " WHERE (x.conversation_id, x.tag_id) = (coming.conversation_id, coming.tag_id))"
    )
    present = leaving.inside("SELECT conversation_id FROM ({}) AS leaving")
    return fetch_value(
        Sql.join(" UNION ALL ", [missing, present]).inside(
            "SELECT count(DISTINCT conversation_id) FROM ({}) AS changes"
        )
    )


def _change(leaving: Sql, coming: Sql, actor, operation: uuid.UUID) -> set[int]:
    before, between = CHANGE.split("{leaving}")
    between, after = between.split("{coming}")
    who, now = actor and actor.pk, timezone.now()
    statement = Sql.join("", [Sql(before), leaving, Sql(between), coming])
    statement += Sql.of(after, who, now, operation, now, str(operation), who)
    return {pk for (pk,) in fetch_all(statement)}


# -- conversations by ID -----------------------------------------------------------------------------------
def tag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Add tags where they are missing, and return the IDs of the conversations that changed."""
    return change_tags("assign", targets_by_id(conversation_ids), tags, actor=actor, operation=operation)


def untag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Remove tags, and return the IDs of the conversations that changed."""
    return change_tags("remove", targets_by_id(conversation_ids), tags, actor=actor, operation=operation)


def replace_tags(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Replace all tags, and return the IDs of the conversations that changed."""
    return change_tags("replace", targets_by_id(conversation_ids), tags, actor=actor, operation=operation)


@transaction.atomic
def delete_tag(tag: Tag, *, force: bool, actor) -> None:
    """Delete a tag. If conversations have it, `force` first removes it from them, with events.

    Raises TagInUse if conversations have it and `force` is False.
    """
    pages = tuple(Page.objects.values_list("pk", flat=True))
    lock_rows(pages)  # nobody can add the tag in the meantime
    tagged = Targets(Sql.of(WITH_TAG, tag.pk), pages)
    in_use = count_targets(tagged)
    if in_use and not force:
        raise TagInUse(in_use)
    change_tags("remove", tagged, [tag], actor=actor)
    tag.delete()


# -- undo --------------------------------------------------------------------------------------------------
# The changes of an operation that can be undone: the tag exists, and nobody has added or removed it since.
# They are stored in a table, because there may be 100,000 and PostgreSQL's planner must know their number.
UNDOABLE = """
CREATE TEMPORARY TABLE standing AS
SELECT e.conversation_id, (e.data->>'id')::bigint AS tag_id, e.kind
FROM conversations_interactionevent AS e JOIN tags_tag AS tag ON tag.id = (e.data->>'id')::bigint
WHERE e.data->>'act' = %s AND e.kind IN ('tag_added', 'tag_removed') AND (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at AND later.id > e.id
    AND starts_with(later.kind, 'tag_') AND later.data->'id' = e.data->'id'
) = 0
"""
UNDOABLE_PAIRS = "SELECT conversation_id, tag_id FROM standing WHERE kind = %s"


@transaction.atomic
def undo(operation: uuid.UUID, targets: Targets, *, actor) -> tuple[set[int], uuid.UUID]:
    """Undo what can be undone of an operation, which itself becomes an operation.

    Returns the IDs of the conversations that changed, and the UUID of the new operation.
    """
    lock_rows(targets.page_ids)
    undo_operation = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(UNDOABLE, [str(operation)])
        cursor.execute("ANALYZE standing")
        added, removed = Sql.of(UNDOABLE_PAIRS, "tag_added"), Sql.of(UNDOABLE_PAIRS, "tag_removed")
        changed = _change(added, removed, actor, undo_operation)
        cursor.execute("DROP TABLE standing")
    changed |= undo_status(operation, actor=actor, undo_operation=undo_operation)
    notify_changes(targets.page_ids)
    return changed, undo_operation
