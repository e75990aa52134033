"""The previous and the next conversation of a filtered list."""

from typing import NamedTuple

from conversations.lib.names import display_name
from conversations.lib.sql_files import read_statements
from conversations.search.conditions import Keyset
from conversations.search.criteria import SearchCriteria
from conversations.search.list_sql import ids_query
from conversations.search.planner import needs_cardinalities, read_cardinalities
from conversations.search.sql import Sql, fetch_all

STATEMENTS = read_statements(__file__)


class AdjacentConversation(NamedTuple):
    id: int
    name: str


def adjacent(
    criteria: SearchCriteria, position: Keyset
) -> tuple[AdjacentConversation | None, AdjacentConversation | None]:
    """Return the next newer and the next older conversation of the list.

    `position` is the time and the ID of the conversation itself, which need not be in the list any more.
    Takes at most two queries at any depth.
    """
    if criteria.is_empty:
        return None, None
    cardinalities = read_cardinalities(criteria) if needs_cardinalities(criteria) else None
    newer = ids_query(criteria, cardinalities, count=1, after=position, backwards=True)
    older = ids_query(criteria, cardinalities, count=1, after=position)
    found = fetch_all(Sql.compose(STATEMENTS["adjacent"], newer=newer, older=older))
    by_side = {
        side: AdjacentConversation(pk, display_name(name, sender_id)) for side, pk, name, sender_id in found
    }
    return by_side.get("newer"), by_side.get("older")
