"""Conversations and their tags as answers show them, from ids found before; no model instances."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from django.db import connection

from conversations.reading.sql import Sql, rows

CHUNK = 2000
FIELDS = [
    "id",
    "page_id",
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
COLUMNS = ", ".join(f"c.{name}" if name != "page_id" else "p.facebook_page_id" for name in FIELDS)
ROWS = (
    f"WITH ids AS MATERIALIZED ({{}}) SELECT {COLUMNS}, ids.time FROM ids"  # noqa: S608 - names of columns
    " JOIN conversations_conversation c ON c.id = ids.id JOIN conversations_page p ON p.id = c.page_id"
    " ORDER BY ids.time DESC NULLS LAST, ids.id DESC"
)
TAGS = (
    "SELECT t.conversation_id, t.id, tag.id, tag.name, tag.slug, tag.color"
    " FROM conversations_conversationtag t JOIN tags_tag tag ON tag.id = t.tag_id"
    " WHERE t.conversation_id = ANY(%s::bigint[])"
    " ORDER BY tag.name, t.id"
)


def in_chunks(ids: Sql) -> Iterator[list[dict]]:
    """The rows of these ids, in the order of the list; a query for them and one for their tags each chunk."""
    question = ids.inside(ROWS)
    with connection.cursor() as cursor:
        cursor.execute(question.text, question.params)
        while found := cursor.fetchmany(CHUNK):
            yield [dict(zip(FIELDS, row, strict=False)) for row in found]


def with_tags(found: list[dict]) -> list[dict]:
    tags = tags_of([row["id"] for row in found])
    for row in found:
        row["conversation_tags"] = tags[row["id"]]
    return found


def tags_of(conversation_ids: Iterable[int]) -> defaultdict[int, list[dict]]:
    """The tags of each conversation, by name."""
    found = defaultdict(list)
    for conversation_id, pk, tag_id, name, slug, color in rows(Sql.of(TAGS, list(conversation_ids))):
        tag = {"id": tag_id, "name": name, "slug": slug, "color": color}
        found[conversation_id].append({"id": pk, "tag": tag})
    return found


def one(conversation_id: int) -> dict:
    [[row]] = in_chunks(Sql.of("SELECT %s::bigint AS id, NULL::timestamptz AS time", conversation_id))
    return with_tags([row])[0]
