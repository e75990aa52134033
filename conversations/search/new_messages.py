"""Counts the conversations of a list that received messages since the list was loaded."""

from conversations.lib.sql_files import read_statements
from conversations.lib.timeouts import TooSlow, statement_timeout
from conversations.models import InteractionEvent
from conversations.search.conditions import branches_of
from conversations.search.criteria import SearchCriteria
from conversations.search.planner import ROWS, AccessPath
from conversations.search.sql import Sql, fetch_value

MAX_COUNTED = 1000  # conversations
MAX_MESSAGES = 50_000  # that are examined
MAX_SECONDS = 1.0

STATEMENTS = read_statements(__file__)
IS_ARRIVED = " AND c.id IN (SELECT conversation_id FROM arrived)"


def current_mark() -> int:
    """Return the highest ID of an event; everything that is stored later has a higher one."""
    newest = InteractionEvent.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def count_new(criteria: SearchCriteria, mark: int) -> int | None:
    """Return the number, at most MAX_COUNTED + 1, or None if counting takes longer than MAX_SECONDS."""
    if criteria.is_empty:
        return 0
    branches = [
        Sql("SELECT 1") + branch + Sql(IS_ARRIVED) for branch in branches_of(criteria, AccessPath(*ROWS))
    ]
    counted = Sql.compose(
        STATEMENTS["count"],
        mark=mark,
        max_messages=MAX_MESSAGES,
        matches=Sql.join(" UNION ALL ", branches),
        max_conversations=MAX_COUNTED + 1,
    )
    try:
        with statement_timeout(MAX_SECONDS):
            return fetch_value(counted)
    except TooSlow:
        return None
