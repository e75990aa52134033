"""Sets the status of conversations, open or done; one statement for any number of them.

Each change creates an event. The events of one operation share its UUID, in `data["act"]`.
"""

import uuid
from collections.abc import Collection

from django.db import transaction
from django.utils import timezone

from conversations.actions.targets import Since, Targets, targets_by_id
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all, fetch_value

STATEMENTS = read_statements(__file__)


@transaction.atomic
def change_status(
    status: str,
    targets: Targets,
    *,
    actor,
    operation: uuid.UUID | None = None,
    since: Since | None = None,
) -> set[int]:
    """Set the status where it differs, and return the IDs of the conversations that changed.

    With `since`, a change that somebody made after that stays.
    """
    lock_rows(targets.page_ids)
    statuses = targets_with_status(targets, status)
    if since:
        statuses = since.leave_out_later(STATEMENTS["unchanged_since"], statuses=statuses)
    changed = _change(statuses, actor, operation or uuid.uuid4())
    if changed:
        notify_conversations_of(targets.page_ids, changed)
    return changed


def count_status_changes(status: str, targets: Targets) -> int:
    """Count the conversations that have another status, without changing or locking anything."""
    return fetch_value(Sql.compose(STATEMENTS["count_others"], ids=targets.ids, status=status))


def set_status(
    conversation_ids: Collection[int], status: str, *, actor, operation: uuid.UUID | None = None
) -> set[int]:
    """Set the status of conversations by ID, and return the IDs of those that changed."""
    return change_status(status, targets_by_id(conversation_ids), actor=actor, operation=operation)


def undo_status(events: Sql, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks."""
    return _change(Sql.compose(STATEMENTS["undoable"], events=events), actor, undo_operation)


def targets_with_status(targets: Targets, status: str) -> Sql:
    return Sql.compose(STATEMENTS["with_status"], ids=targets.ids, status=status)


def _change(statuses: Sql, actor, operation: uuid.UUID) -> set[int]:
    statement = Sql.compose(
        STATEMENTS["change_status"],
        statuses=statuses,
        now=timezone.now(),
        operation=str(operation),
        actor=actor and actor.pk,
    )
    return {pk for (pk,) in fetch_all(statement)}
