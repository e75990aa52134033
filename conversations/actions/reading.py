"""Marks conversations as read or unread; one statement for any number of them.

What Facebook shows as unread stays as it is: see sync.load.states.read_state. A mark has no event and no act.
"""

from django.db import transaction

from conversations.actions.targets import Targets
from conversations.lib.locks import lock_rows_and_fetch
from conversations.lib.notify import notify_conversations_of
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_value

STATEMENTS = read_statements(__file__)


@transaction.atomic
def mark_read(is_read: bool, targets: Targets) -> set[int]:
    """Mark conversations, and return the IDs of those whose unread count changed."""
    mark = Sql.compose(STATEMENTS["mark"], ids=targets.ids, count=int(not is_read))
    marked = lock_rows_and_fetch(targets.page_ids, mark.text, mark.params)
    changed = {pk for pk, is_changed in marked if is_changed}
    if changed:
        notify_conversations_of(targets.page_ids, changed)
    return changed


def count_read_changes(is_read: bool, targets: Targets) -> int:
    """Count the conversations whose unread count would change, without changing or locking anything."""
    return fetch_value(Sql.compose(STATEMENTS["count_others"], ids=targets.ids, count=int(not is_read)))
