"""Conversations and their tags as answers show them; no model instances, for 10,000 are one answer."""

from collections import defaultdict
from collections.abc import Iterable

from conversations.models import ConversationTag
from conversations.querysets import ConversationQuerySet

COLUMNS = [
    "sender_id",
    "sender_name",
    "last_message",
    "last_message_time",
    "conversation_status",
    "message_count",
    "unread_count",
    "platform",
    "created_at",
    "updated_at",
]


def conversation_rows(conversations: ConversationQuerySet) -> list[dict]:
    """Newest first, in two queries."""
    rows = conversations.newest_first().values_list("id", "page__facebook_page_id", *COLUMNS)
    found = [dict(zip(["id", "page_id", *COLUMNS], row, strict=True)) for row in rows]
    tags = tag_rows([row["id"] for row in found])
    for row in found:
        row["conversation_tags"] = tags[row["id"]]
    return found


def tag_rows(conversation_ids: Iterable[int]) -> defaultdict[int, list[dict]]:
    """The tags of each conversation, by name."""
    rows = ConversationTag.objects.filter(conversation_id__in=conversation_ids).order_by("tag__name", "id")
    found = defaultdict(list)
    for conversation_id, pk, tag_id, name, slug, color in rows.values_list(
        "conversation_id", "id", "tag_id", "tag__name", "tag__slug", "tag__color"
    ):
        tag = {"id": tag_id, "name": name, "slug": slug, "color": color}
        found[conversation_id].append({"id": pk, "tag": tag})
    return found
