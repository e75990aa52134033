"""Undoes what an operation has changed: tags, statuses, assignees and snoozes."""

import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import transaction

from conversations.actions.assigning import undo_assignees
from conversations.actions.snoozing import undo_snoozes
from conversations.actions.status import undo_status
from conversations.actions.tagging import undo_tags
from conversations.actions.targets import Targets, count_kinds, events_of_operation
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations_of
from conversations.models import InteractionEvent
from conversations.models.audit import Action, record
from conversations.search.sql import Sql

Kind = InteractionEvent.Kind
Undo = Callable[..., set[int]]
# With the kinds of events that each undoes. The status before the snooze: what is done is not snoozed.
UNDO: tuple[tuple[Undo, set[str]], ...] = (
    (undo_status, {Kind.STATUS_CHANGED}),
    (undo_assignees, {Kind.ASSIGNEE_CHANGED}),
    (undo_snoozes, {Kind.SNOOZED, Kind.SNOOZE_ENDED}),
)


@transaction.atomic
def undo(operation: uuid.UUID, targets: Targets, *, actor) -> tuple[set[int], uuid.UUID]:
    """Undo what can be undone of an operation, which itself becomes an operation.

    Returns the IDs of the conversations that changed, and the UUID of the new operation.
    """
    events, undo_operation = events_of_operation(operation), uuid.uuid4()
    numbers = count_kinds(events)  # before the lock, for which others wait: no event of it is added any more
    lock_rows(targets.page_ids)
    changed = undo_events(events, numbers, actor=actor, undo_operation=undo_operation)
    notify_conversations_of(targets.page_ids, changed)
    record(Action.BULK_UNDONE, actor=actor, operation=operation, changed=len(changed))
    return changed, undo_operation


def undo_events(events: Sql, numbers: Counter[str], *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks.

    `numbers` are those of their kinds: what the operation has not changed costs nothing.
    """
    how: dict[str, Any] = {"actor": actor, "undo_operation": undo_operation}
    changed = set[int]()
    if number := numbers[Kind.TAG_ADDED] + numbers[Kind.TAG_REMOVED]:
        changed |= undo_tags(events, number, **how)
    for undo_one, kinds in UNDO:
        if kinds & numbers.keys():
            changed |= undo_one(events, **how)
    return changed
