"""What arrived since somebody looked: conversations of a Selection with messages newer than a mark."""

from conversations.models import InteractionEvent
from conversations.reading.finding import ROWS, Lead, arms_of
from conversations.reading.selection import Selection
from conversations.reading.sql import Sql, TooSlow, at_most, value

MOST = 1000  # so many are counted
MOST_EVENTS = 50_000  # so many messages are looked at
SECONDS = 1.0

ARRIVED = (
    "WITH arrived AS MATERIALIZED (SELECT DISTINCT conversation_id FROM (SELECT conversation_id"
    " FROM conversations_interactionevent WHERE id > %s AND starts_with(kind, 'message_')"
    " ORDER BY id LIMIT %s) AS newest) "
)
AMONG_THEM = " AND c.id IN (SELECT conversation_id FROM arrived)"


def newest_mark() -> int:
    """What is stored from now on has a higher one."""
    newest = InteractionEvent.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


def count_new(selection: Selection, mark: int) -> int | None:
    """Up to MOST + 1; None where counting takes too long."""
    if selection.is_impossible:
        return 0
    arms = [Sql("SELECT 1") + arm + Sql(AMONG_THEM) for arm in arms_of(selection, Lead(*ROWS))]
    found = Sql.join(" UNION ALL ", arms) + Sql.of(" LIMIT %s", MOST + 1)
    counted = found.inside("SELECT count(*) FROM ({}) AS found")
    try:
        with at_most(SECONDS):
            return value(Sql.of(ARRIVED, mark, MOST_EVENTS) + counted)
    except TooSlow:
        return None
