"""Who the customer of a conversation is: all IDs, the messages, and conversations of the same name."""

from collections.abc import Sequence
from itertools import chain

from conversations.lib.folding import fold
from conversations.lib.names import is_placeholder
from conversations.lib.sql_files import read_statements
from conversations.models import Conversation
from conversations.search import rows
from conversations.search.filters import MAX_SEARCH_LETTERS, parse_filter
from conversations.search.list_sql import ids_query
from conversations.search.planner import needs_cardinalities, read_cardinalities
from conversations.search.sql import Sql, fetch_all

STATEMENTS = read_statements(__file__)
MAX_SIMILAR = 10
MAX_COMPARED = 100  # the newest conversations in which the name stands


def contact_of(conversation: Conversation, page_ids: Sequence[int]) -> dict:
    """Return the contact card; `similar` conversations are of these Pages. Raises TooSlow."""
    aliases = conversation.aliases.order_by("pk").values_list("sender_id", flat=True)
    return {
        "name": conversation.sender_name,
        "ids": [conversation.sender_id, *aliases],
        "graph_id": conversation.graph_id,
        "can_reply": conversation.can_reply,
        "referral": conversation.referral,
        **_message_counts(conversation),
        "similar": similar_to(conversation, page_ids),
    }


def _message_counts(conversation: Conversation) -> dict:
    counted = fetch_all(Sql.compose(STATEMENTS["messages"], conversation=conversation.pk))
    numbers = {kind: number for kind, number, _, _ in counted}
    return {
        "first_message_time": min((first for _, _, first, _ in counted), default=None),
        "last_message_time": max((last for _, _, _, last in counted), default=None),
        "received": numbers.get("message_received", 0),
        "sent": numbers.get("message_sent", 0),
        "unknown": numbers.get("message_unknown", 0),
    }


def similar_to(conversation: Conversation, page_ids: Sequence[int]) -> list[dict]:
    """Return other conversations whose customer has the same name, newest first, as in the list."""
    name = conversation.sender_name
    if is_placeholder(name, conversation.sender_id):
        return []
    criteria = parse_filter({"search": name[:MAX_SEARCH_LETTERS]}).criteria(page_ids, user_id=None)
    if criteria.is_empty:
        return []
    cardinalities = read_cardinalities(criteria) if needs_cardinalities(criteria) else None
    found = chain.from_iterable(rows.row_chunks(ids_query(criteria, cardinalities, count=MAX_COMPARED)))
    folded = fold(name)
    same = [row for row in found if row["id"] != conversation.pk and fold(row["sender_name"]) == folded]
    return rows.add_tags(same[:MAX_SIMILAR])
