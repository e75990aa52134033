"""Assigns conversations to members of staff; one statement for any number of them.

Each change creates an event. The events of one operation share its UUID, in `data["act"]`.
"""

import uuid

from django.db import transaction
from django.utils import timezone

from conversations.actions.targets import Since, Targets
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all, fetch_value

STATEMENTS = read_statements(__file__)


@transaction.atomic
def assign_conversations(
    assignee_id: int | None,
    targets: Targets,
    *,
    actor,
    operation: uuid.UUID | None = None,
    since: Since | None = None,
) -> set[int]:
    """Assign conversations, to nobody for None, and return the IDs of those that changed.

    With `since`, a change that somebody made after that stays. The caller checks whether this user may.
    """
    lock_rows(targets.page_ids)
    assignees = Sql.compose(STATEMENTS["with_assignee"], ids=targets.ids, assignee=assignee_id)
    if since:
        assignees = since.leave_out_later(STATEMENTS["unchanged_since"], assignees=assignees)
    changed = _change(assignees, actor, operation or uuid.uuid4())
    if changed:
        notify_conversations_of(targets.page_ids, changed)
    return changed


def count_assignee_changes(assignee_id: int | None, targets: Targets) -> int:
    """Count the conversations that have another assignee, without changing or locking anything."""
    return fetch_value(Sql.compose(STATEMENTS["count_others"], ids=targets.ids, assignee=assignee_id))


def undo_assignees(events: Sql, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks."""
    return _change(Sql.compose(STATEMENTS["undoable"], events=events), actor, undo_operation)


def _change(assignees: Sql, actor, operation: uuid.UUID) -> set[int]:
    statement = Sql.compose(
        STATEMENTS["change_assignee"],
        assignees=assignees,
        now=timezone.now(),
        operation=str(operation),
        actor=actor and actor.pk,
    )
    return {pk for (pk,) in fetch_all(statement)}
