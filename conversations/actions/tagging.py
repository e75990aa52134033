"""Adds tags to conversations and removes them: the only module that writes ConversationTag.

Each change creates an event that names the user. The events of one operation share its UUID in `data["act"]`.
One statement changes any number of conversations: SQL selects them (Targets), not a list in Python, unless
the caller provides IDs.
"""

import uuid
from collections.abc import Collection, Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext, ngettext

from conversations.actions.targets import (
    Since,
    Targets,
    count_targets,
    targets_by_id,
)
from conversations.lib.locks import lock_rows, lock_rows_and_fetch
from conversations.lib.notify import notify_all_pages, notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all, fetch_value, run
from tags.models import Tag

STATEMENTS = read_statements(__file__)
NO_PAIRS = Sql(STATEMENTS["no_pairs"])
WITH_TAG = "SELECT conversation_id AS id FROM conversations_conversationtag WHERE tag_id = %s"


class TagInUse(Exception):
    """The tag cannot be deleted because conversations have it."""

    def __init__(self, conversations: int):
        super().__init__(
            ngettext(
                "The tag is on %(number)s conversation.",
                "The tag is on %(number)s conversations.",
                conversations,
            )
            % {"number": conversations}
        )
        self.conversations = conversations


class TagChanged(Exception):
    """Somebody else has deleted the tag, or adds it at the same time."""

    def __init__(self) -> None:
        super().__init__(gettext("Somebody changed the tag at the same time. Try again."))


# -- actions: queries for the pairs to remove and to add ---------------------------------------------------
def assign(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """Return queries for the pairs to remove and the pairs to add."""
    return NO_PAIRS, pairs("all_pairs", targets, tag_ids)


def remove(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    return pairs("pairs_with_tags", targets, tag_ids), NO_PAIRS


def replace(targets: Targets, tag_ids: list[int]) -> tuple[Sql, Sql]:
    """Remove all other tags, and add these where they are missing."""
    return pairs("pairs_with_other_tags", targets, tag_ids), pairs("all_pairs", targets, tag_ids)


def pairs(statement: str, targets: Targets, tag_ids: list[int]) -> Sql:
    return Sql.compose(STATEMENTS[statement], ids=targets.ids, tag_ids=tag_ids)


ACTIONS = {"assign": assign, "remove": remove, "replace": replace}


@transaction.atomic
def change_tags(
    action: str,
    targets: Targets,
    tags: Iterable[Tag],
    *,
    actor,
    operation: uuid.UUID | None = None,
    since: Since | None = None,
) -> set[int]:
    """Assign, remove or replace tags, and return the IDs of the conversations that changed.

    With `since`, a change that somebody made after that stays.
    """
    to_remove, to_add = ACTIONS[action](targets, [tag.pk for tag in tags])
    if since:
        to_remove, to_add = _unchanged(to_remove, since), _unchanged(to_add, since)
    change = _change(to_remove, to_add, actor, operation or uuid.uuid4())
    changed = {pk for (pk,) in lock_rows_and_fetch(targets.page_ids, change.text, change.params)}
    if changed:
        notify_conversations_of(targets.page_ids, changed)
    return changed


def _unchanged(pairs: Sql, since: Since) -> Sql:
    return since.leave_out_later(STATEMENTS["pairs_unchanged_since"], pairs=pairs)


def count_tag_changes(action: str, targets: Targets, tags: Iterable[Tag]) -> int:
    """Count the conversations that change_tags() would change, without changing or locking anything."""
    to_remove, to_add = ACTIONS[action](targets, [tag.pk for tag in tags])
    return fetch_value(
        Sql.compose(STATEMENTS["count_changes"], pairs_to_add=to_add, pairs_to_remove=to_remove)
    )


def _change(to_remove: Sql, to_add: Sql, actor, operation: uuid.UUID) -> Sql:
    """Return the statement that removes and adds these pairs, and returns the IDs of what has changed."""
    return Sql.compose(
        STATEMENTS["change_tags"],
        pairs_to_remove=to_remove,
        pairs_to_add=to_add,
        actor=actor and actor.pk,
        operation=str(operation),
    )


@transaction.atomic
def import_tags(pairs: Sql, *, operation: uuid.UUID, since: datetime | None = None) -> int:
    """Add tags that another application has assigned, and return how many conversations lacked theirs.

    `pairs` is a query for conversation_id, tag_id, legacy_id and created_at. Nobody is named as the user, and
    the events have the times of the other application; those before `since` get none. The caller holds the
    locks and notifies.
    """
    statement = Sql.compose(STATEMENTS["import_tags"], pairs=pairs, operation=str(operation), since=since)
    return fetch_value(statement)


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


# -- deletion ----------------------------------------------------------------------------------------------
@transaction.atomic
def delete_tag(tag: Tag, *, force: bool, actor, operation: uuid.UUID | None = None) -> None:
    """Delete a tag. If conversations have it, `force` first removes it from them, with events; all or none.

    Raises TagInUse if conversations have it and `force` is False, and TagChanged if the tag is gone, or if
    somebody puts it on conversations of another Page at this moment.
    """
    tagged = targets_with_tag(tag)
    lock_rows(tagged.page_ids)
    if not Tag.objects.select_for_update().filter(pk=tag.pk).exists():  # from now on nobody can add it
        raise TagChanged
    if not set(targets_with_tag(tag).page_ids) <= set(tagged.page_ids):
        raise TagChanged  # to lock a further Page now could be a deadlock
    in_use = count_targets(tagged)
    if in_use and not force:
        raise TagInUse(in_use)
    change_tags("remove", tagged, [tag], actor=actor, operation=operation)
    tag.delete()
    notify_all_pages()


def targets_with_tag(tag: Tag) -> Targets:
    """Select the conversations that have the tag. Only their Pages are locked while it is removed."""
    pages = fetch_all(Sql.compose(STATEMENTS["pages_with_tag"], tag=tag.pk))
    return Targets(Sql.of(WITH_TAG, tag.pk), tuple(page_id for (page_id,) in pages))


# -- undo --------------------------------------------------------------------------------------------------
FEW = 500  # events of which PostgreSQL need not know the number


def undo_tags(events: Sql, number: int, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks.

    `number` says how many of the events are of tags. Many are stored in a table first, because there may be
    100,000 and PostgreSQL's planner must know their number.
    """
    undoable = Sql.compose(STATEMENTS["undoable"], events=events)
    if number <= FEW:
        return _undo(undoable, actor, undo_operation)
    run(Sql("CREATE TEMPORARY TABLE undoable AS ") + undoable)
    run(Sql("ANALYZE undoable"))
    changed = _undo(Sql("SELECT * FROM undoable"), actor, undo_operation)
    run(Sql("DROP TABLE undoable"))
    return changed


def _undo(undoable: Sql, actor, undo_operation: uuid.UUID) -> set[int]:
    added, removed = (
        Sql.compose(STATEMENTS["pairs_of_kind"], changes=undoable, kind=kind)
        for kind in ("tag_added", "tag_removed")
    )
    return {pk for (pk,) in fetch_all(_change(added, removed, actor, undo_operation))}
