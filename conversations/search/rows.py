"""Reads conversations and their tags by ID, as the dicts that the API returns: times are text."""

import json
from collections.abc import Collection, Iterator

from django.db import connection

from conversations.lib.attachment_kinds import ALL_KINDS, AttachmentKind
from conversations.lib.sql_files import read_statements
from conversations.search.sql import Sql, fetch_all

CHUNK_ROWS = 2000
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
    "seen_until",
    "delivered_until",
    "referral",
    "last_message_from",
    "attachment_kinds",
    "assignee",
    "snoozed_until",
]
READ = [*FIELDS, "assignee_name"]
TIMES = {"snoozed_until", "last_message_time", "created_at", "updated_at", "seen_until", "delivered_until"}
STATEMENTS = read_statements(__file__)
COMPUTED = {
    "page_id": "p.facebook_page_id",
    "last_message_from": STATEMENTS["last_message_from"],
    "assignee": "c.assignee_id",
    "assignee_name": "assignee.username",
}
KINDS_OF_BITS = [AttachmentKind(bits).names for bits in range(ALL_KINDS + 1)]


def column(name: str) -> Sql:
    """The SQL of a field. Times are text, as in the API: making it in Python takes ten times as long."""
    if name in TIMES:
        return Sql.compose(STATEMENTS["time"], column=Sql(f"c.{name}"))
    return Sql(COMPUTED.get(name) or f"c.{name}")


COLUMNS = Sql.join(", ", map(column, READ))


def row_chunks(ids: Sql) -> Iterator[list[dict]]:
    """Yield the rows of these ids in the order of the list, in chunks of CHUNK_ROWS, without tags."""
    return read_chunks(Sql.compose(STATEMENTS["rows"], ids=ids, columns=COLUMNS))


def whole_row_chunks(rows: Sql) -> Iterator[list[dict]]:
    """Yield the same of a query that selects all columns of the conversations, and their `time`."""
    return read_chunks(Sql.compose(STATEMENTS["whole_rows"], rows=rows, columns=COLUMNS))


def read_chunks(query: Sql) -> Iterator[list[dict]]:
    with connection.cursor() as cursor:
        cursor.execute(query.text, query.params)
        while batch := cursor.fetchmany(CHUNK_ROWS):
            yield [as_dict(row) for row in batch]


def as_dict(values: tuple) -> dict:
    row = dict(zip(FIELDS, values, strict=False))  # without the last one, the name of the assignee
    if row["assignee"] is not None:
        row["assignee"] = {"id": row["assignee"], "name": values[-1]}
    if row["referral"] is not None:
        row["referral"] = json.loads(row["referral"])
    row["attachment_kinds"] = KINDS_OF_BITS[row["attachment_kinds"]]
    return row


def add_tags(batch: list[dict]) -> list[dict]:
    """Add `conversation_tags` to each row, with one query."""
    tags = tags_of([row["id"] for row in batch])
    for row in batch:
        row["conversation_tags"] = tags[row["id"]]
    return batch


def tags_of(conversation_ids: Collection[int]) -> dict[int, list[dict]]:
    """Return the tags of each of these conversations, sorted by name."""
    tags: dict[int, list[dict]] = {pk: [] for pk in conversation_ids}
    # As text, because the driver would look at each number of a list.
    ids = f"{{{','.join(map(str, conversation_ids))}}}"
    query = Sql.compose(STATEMENTS["tags"], ids=ids)
    for tag_id, name, slug, color, row_ids, tagged_ids in fetch_all(query):
        tag = {"id": tag_id, "name": name, "slug": slug, "color": color}
        for pk, conversation_id in zip(row_ids, tagged_ids, strict=True):
            tags[conversation_id].append({"id": pk, "tag": tag})
    return tags


def conversation_row(conversation_id: int) -> dict:
    [[row]] = row_chunks(Sql.of("SELECT %s::bigint AS id, NULL::timestamptz AS time", conversation_id))
    return add_tags([row])[0]
