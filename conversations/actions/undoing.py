"""Undoes what an operation has changed: tags, statuses, assignees and snoozes."""

import uuid

from django.db import transaction

from conversations.actions.assigning import undo_assignees
from conversations.actions.snoozing import undo_snoozes
from conversations.actions.status import undo_status
from conversations.actions.tagging import undo_tags
from conversations.actions.targets import Targets, events_of_operation
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations_of
from conversations.models.audit import Action, record
from conversations.search.sql import Sql

# The status before the snooze: what is done is not snoozed.
UNDO = (undo_tags, undo_status, undo_assignees, undo_snoozes)


@transaction.atomic
def undo(operation: uuid.UUID, targets: Targets, *, actor) -> tuple[set[int], uuid.UUID]:
    """Undo what can be undone of an operation, which itself becomes an operation.

    Returns the IDs of the conversations that changed, and the UUID of the new operation.
    """
    lock_rows(targets.page_ids)
    undo_operation = uuid.uuid4()
    changed = undo_events(events_of_operation(operation), actor=actor, undo_operation=undo_operation)
    notify_conversations_of(targets.page_ids, changed)
    record(Action.BULK_UNDONE, actor=actor, operation=operation, changed=len(changed))
    return changed, undo_operation


def undo_events(events: Sql, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks."""
    changed = (undo_one(events, actor=actor, undo_operation=undo_operation) for undo_one in UNDO)
    return set[int]().union(*changed)
