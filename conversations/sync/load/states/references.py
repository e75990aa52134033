"""What a message says of others, quotes and reactions, in the form that webhooks give it, too.

Lists of Graph show `{"reply_to": {"mid": ID}}` and
`{"reactions": {"data": [{"reaction", "users": [{"id"}]}]}}`. Rows have `{"reply_to": ID}` and
`{"reactions": [{"actor", "reaction", "emoji"}]}`, where the actor is the customer or the page. Any other
shape stays as it came.
"""

from collections.abc import Collection, Mapping
from typing import Any

from conversations.graph.coercion import as_dict, as_edge, as_id, as_text

REFERENCES = ("reactions", "reply_to")
CUSTOMER, PAGE = "customer", "page"


def with_plain_references(values: Mapping[str, Any], business_ids: Collection[str]) -> dict[str, Any]:
    """Return the fields of a message with quote and reactions in the form of rows."""
    plain = dict(values)
    if mid := as_id(as_dict(values.get("reply_to")).get("mid")):
        plain["reply_to"] = mid
    items = as_edge(values.get("reactions"))
    if items and all(isinstance(item, dict) and as_text(item.get("reaction")) for item in items):
        reactions = [one for item in items for one in _reactions(item, business_ids)]
        plain["reactions"] = sorted(reactions, key=lambda one: (one["actor"], one["reaction"]))
    return plain


def _reactions(item: dict, business_ids: Collection[str]) -> list[dict[str, str]]:
    """Return a reaction once for each side that has it."""
    reaction = as_text(item["reaction"])
    is_word = reaction.isascii()
    ids = [as_id(as_dict(user).get("id")) for user in as_edge(item.get("users"))] or [""]
    actors = {PAGE if user_id in business_ids else CUSTOMER for user_id in ids}
    names = {"reaction": reaction if is_word else "other", "emoji": "" if is_word else reaction}
    return [{"actor": actor, **names} for actor in sorted(actors)]
