"""Counts the conversations of a list that received messages since the list was loaded."""

from conversations.models import InteractionEvent
from conversations.search.conditions import branches_of
from conversations.search.criteria import SearchCriteria
from conversations.search.planner import ROWS, AccessPath
from conversations.search.sql import Sql, TooSlow, fetch_value, statement_timeout

MAX_COUNTED = 1000  # conversations
MAX_MESSAGES = 50_000  # that are examined
MAX_SECONDS = 1.0

ARRIVED = (
    "WITH arrived AS MATERIALIZED (SELECT DISTINCT conversation_id FROM (SELECT conversation_id"
    " FROM conversations_interactionevent WHERE id > %s AND starts_with(kind, 'message_')"
    " ORDER BY id LIMIT %s) AS newest) "
)
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
    found = Sql.join(" UNION ALL ", branches) + Sql.of(" LIMIT %s", MAX_COUNTED + 1)
    counted = found.inside("SELECT count(*) FROM ({}) AS found")
    try:
        with statement_timeout(MAX_SECONDS):
            return fetch_value(Sql.of(ARRIVED, mark, MAX_MESSAGES) + counted)
    except TooSlow:
        return None
