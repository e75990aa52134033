"""Putting tags on conversations and taking them off: the only writer of ConversationTag.

Each change leaves an event that says who did it; changes of one action share their `act`. However many they
are, one statement does them: which conversations it is about is a piece of SQL, nowhere a list in Python
unless that is what was asked.
"""

import uuid
from collections.abc import Collection, Iterable

from django.db import connection, transaction
from django.utils import timezone

from conversations.changes import publish_changes
from conversations.choosing import Chosen, chosen_ids, count
from conversations.locks import lock_rows
from conversations.models import Page
from conversations.reading.sql import Sql, rows, value
from conversations.status import undo_status
from tags.models import Tag

# Pairs of conversation_id and tag_id: what is to go (`leaving`), and what is to be there (`coming`).
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
NOTHING = Sql("SELECT NULL::bigint AS conversation_id, NULL::bigint AS tag_id WHERE false")
MISSING = (
    "SELECT chosen.id AS conversation_id, wanted.tag_id FROM ({chosen}) AS chosen"
    " CROSS JOIN unnest(%s::bigint[]) AS wanted(tag_id)"
)
PRESENT = (
    "SELECT x.conversation_id, x.tag_id FROM conversations_conversationtag AS x"
    " JOIN ({chosen}) AS chosen ON chosen.id = x.conversation_id WHERE x.tag_id {which} ALL(%s::bigint[])"
)


class TagInUse(Exception):
    """Deleting this tag would take it off conversations."""

    def __init__(self, conversations: int):
        super().__init__(f"The tag is on {conversations} conversation{'s' * (conversations != 1)}.")
        self.conversations = conversations


# -- what an action is -------------------------------------------------------------------------------------
def assign(chosen: Chosen, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """(leaving, coming)"""
    return NOTHING, within(MISSING, chosen, tag_ids)


def remove(chosen: Chosen, tag_ids: list[int]) -> tuple[Sql, Sql]:
    return within(PRESENT.replace("{which} ALL", "= ANY"), chosen, tag_ids), NOTHING


def replace(chosen: Chosen, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """Leaves exactly these."""
    others = within(PRESENT.replace("{which}", "<>"), chosen, tag_ids)
    return others, within(MISSING, chosen, tag_ids)


def within(template: str, chosen: Chosen, tag_ids: list[int]) -> Sql:
    return Sql(template.replace("{chosen}", chosen.ids.text), (*chosen.ids.params, tag_ids))


ACTIONS = {"assign": assign, "remove": remove, "replace": replace}


@transaction.atomic
def change_tags(
    action: str, chosen: Chosen, tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """`action`: assign, remove or replace. Returns the ids of the conversations that changed."""
    lock_rows(chosen.page_ids)
    leaving, coming = ACTIONS[action](chosen, [tag.pk for tag in tags])
    changed = _change(leaving, coming, actor, act or uuid.uuid4())
    if changed:
        publish_changes(chosen.page_ids)
    return changed


def would_change(action: str, chosen: Chosen, tags: Iterable[Tag]) -> int:
    """How many conversations the change would change. Writes and locks nothing."""
    leaving, coming = ACTIONS[action](chosen, [tag.pk for tag in tags])
    missing = coming.inside(
        "SELECT conversation_id FROM ({}) AS coming WHERE NOT EXISTS"
        " (SELECT FROM conversations_conversationtag AS x"
        " WHERE (x.conversation_id, x.tag_id) = (coming.conversation_id, coming.tag_id))"
    )
    present = leaving.inside("SELECT conversation_id FROM ({}) AS leaving")
    return value(
        Sql.join(" UNION ALL ", [missing, present]).inside(
            "SELECT count(DISTINCT conversation_id) FROM ({}) AS changes"
        )
    )


def _change(leaving: Sql, coming: Sql, actor, act: uuid.UUID) -> set[int]:
    before, between = CHANGE.split("{leaving}")
    between, after = between.split("{coming}")
    who, now = actor and actor.pk, timezone.now()
    statement = Sql.join("", [Sql(before), leaving, Sql(between), coming])
    statement += Sql.of(after, who, now, act, now, str(act), who)
    return {pk for (pk,) in rows(statement)}


# -- the verbs for conversations that are known ------------------------------------------------------------
def tag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Adds these tags where they are missing; returns the ids of the conversations that changed."""
    return change_tags("assign", chosen_ids(conversation_ids), tags, actor=actor, act=act)


def untag_conversations(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Takes these tags off where they are; returns the ids of the conversations that changed."""
    return change_tags("remove", chosen_ids(conversation_ids), tags, actor=actor, act=act)


def replace_tags(
    conversation_ids: Collection[int], tags: Iterable[Tag], *, actor, act: uuid.UUID | None = None
) -> set[int]:
    """Leaves exactly these tags; returns the ids of the conversations that changed."""
    return change_tags("replace", chosen_ids(conversation_ids), tags, actor=actor, act=act)


@transaction.atomic
def delete_tag(tag: Tag, *, force: bool, actor) -> None:
    """Deletes the tag; where it is in use only with `force`, taking it off with events first.

    Raises TagInUse.
    """
    pages = tuple(Page.objects.values_list("pk", flat=True))
    lock_rows(pages)  # nobody tags meanwhile
    tagged = Chosen(Sql.of(TAGGED, tag.pk), pages)
    in_use = count(tagged)
    if in_use and not force:
        raise TagInUse(in_use)
    change_tags("remove", tagged, [tag], actor=actor)
    tag.delete()


TAGGED = "SELECT conversation_id AS id FROM conversations_conversationtag WHERE tag_id = %s"

# -- undo --------------------------------------------------------------------------------------------------
# What still stands as the act left it: nobody has put on or taken off that tag there since, and it exists.
# In a table of its own, for an act may be a hundred thousand: the planner must know how many there are.
STANDING = """
CREATE TEMPORARY TABLE standing AS
SELECT e.conversation_id, (e.data->>'id')::bigint AS tag_id, e.kind
FROM conversations_interactionevent AS e JOIN tags_tag AS tag ON tag.id = (e.data->>'id')::bigint
WHERE e.data->>'act' = %s AND e.kind IN ('tag_added', 'tag_removed') AND (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at AND later.id > e.id
    AND starts_with(later.kind, 'tag_') AND later.data->'id' = e.data->'id'
) = 0
"""
STOOD = "SELECT conversation_id, tag_id FROM standing WHERE kind = %s"


@transaction.atomic
def undo(act: uuid.UUID, chosen: Chosen, *, actor) -> tuple[set[int], uuid.UUID]:
    """Takes back what still stands of an act, as an act of its own: the ids of what changed, and its id."""
    lock_rows(chosen.page_ids)
    own = uuid.uuid4()
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [str(act)])
        cursor.execute("ANALYZE standing")
        changed = _change(Sql.of(STOOD, "tag_added"), Sql.of(STOOD, "tag_removed"), actor, own)
        cursor.execute("DROP TABLE standing")
    changed |= undo_status(act, actor=actor, own=own)
    publish_changes(chosen.page_ids)
    return changed, own
