"""Snoozes conversations until a time; one statement for any number of them.

Each change creates an event. The events of one operation share its UUID, in `data["act"]`. A snooze ends by
itself at its time or when the customer writes (sync.load.states.snoozes), and when the conversation is done
(status.sql).
"""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from conversations.actions.targets import Since, Targets
from conversations.lib.locks import lock_rows
from conversations.lib.notify import notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all, fetch_value

STATEMENTS = read_statements(__file__)


@transaction.atomic
def snooze(
    until: datetime | None,
    targets: Targets,
    *,
    actor,
    operation: uuid.UUID | None = None,
    since: Since | None = None,
) -> set[int]:
    """Snooze conversations that are open, or end the snooze for None. Return the IDs of those that changed.

    With `since`, a change that somebody made after that stays.
    """
    lock_rows(targets.page_ids)
    times = Sql.compose(STATEMENTS["with_time"], ids=targets.ids, until=until)
    if since:
        times = since.leave_out_later(STATEMENTS["unchanged_since"], times=times)
    changed = _change(times, actor, operation or uuid.uuid4())
    if changed:
        notify_conversations_of(targets.page_ids, changed)
    return changed


def count_snooze_changes(until: datetime | None, targets: Targets) -> int:
    """Count the conversations that snooze() would change, without changing or locking anything."""
    return fetch_value(Sql.compose(STATEMENTS["count_others"], ids=targets.ids, until=until))


def undo_snoozes(events: Sql, *, actor, undo_operation: uuid.UUID) -> set[int]:
    """Undo what can be undone of these events, as `undo_operation`. The caller must hold the locks."""
    undoable = Sql.compose(STATEMENTS["undoable"], events=events, now=timezone.now())
    return _change(undoable, actor, undo_operation)


def _change(times: Sql, actor, operation: uuid.UUID) -> set[int]:
    statement = Sql.compose(
        STATEMENTS["change_snooze"],
        times=times,
        now=timezone.now(),
        operation=str(operation),
        actor=actor and actor.pk,
    )
    return {pk for (pk,) in fetch_all(statement)}
