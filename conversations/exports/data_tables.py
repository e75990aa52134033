"""The tables of an export of all data: their columns, their rows, and which months have changed."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.db import connection, transaction

from conversations.exports.parquet import Columns
from conversations.lib.sql_files import read_statements
from conversations.models.run_counters import STORED
from conversations.search.sql import Sql, fetch_all

STATEMENTS = read_statements(__file__)
ROWS_AT_ONCE = 2000
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class Table(NamedTuple):
    """A table of the export. Its statement in data_tables.sql has all columns, and `month` and `version`."""

    name: str
    columns: Columns

    @property
    def fingerprint(self) -> str:
        """Another one for other columns: files of an earlier version are written again."""
        return hashlib.sha256(repr(self.columns).encode()).hexdigest()[:12]


class Month(NamedTuple):
    """The rows of a month. The digest is another one when one of them changes, comes or goes."""

    rows: int
    digest: str


def columns(text: str = "", **kinds: str) -> dict[str, str]:
    """Return the columns with these names in this order; `kinds` has the names by type."""
    by_name = {name: kind for kind, names in kinds.items() for name in names.split()}
    return {name: by_name.get(name, "text") for name in text.split()}


TABLES = (
    Table(
        "pages",
        columns(
            "id page_id name platforms instagram_account_id instagram_username state last_synced_at"
            " last_full_sync_at created_at",
            integer="id",
            texts="platforms",
            time="last_synced_at last_full_sync_at created_at",
        ),
    ),
    Table("tags", columns("id name slug color", integer="id")),
    Table(
        "conversations",
        columns(
            "id page_id platform sender_id sender_name graph_id conversation_status last_message"
            " last_message_time last_message_from message_count unread_count can_reply assignee snoozed_until"
            " ad_id referral seen_until delivered_until created_at updated_at",
            integer="id message_count unread_count",
            boolean="can_reply",
            time="last_message_time snoozed_until seen_until delivered_until created_at updated_at",
        ),
    ),
    Table(
        "conversation_tags",
        columns(
            "id conversation_id page_id tag_id actor created_at",
            integer="id conversation_id tag_id",
            time="created_at",
        ),
    ),
    Table(
        "messages",
        columns(
            "id conversation_id page_id kind occurred_at text attachments data graph_id",
            integer="id conversation_id",
            time="occurred_at",
        ),
    ),
    Table(
        "events",
        columns(
            "id conversation_id page_id kind occurred_at text data actor",
            integer="id conversation_id",
            time="occurred_at",
        ),
    ),
    Table(
        "sync_runs",
        columns(
            f"id page_id mode trigger status error {' '.join(STORED)} created_at started_at ended_at",
            integer=f"id {' '.join(STORED)}",
            time="created_at started_at ended_at",
        ),
    ),
)


@contextmanager
def snapshot() -> Iterator[None]:
    """Read all tables as they are now, in one transaction that changes nothing."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(SNAPSHOT)
        yield


def months_of(table: Table, page_ids: list[int]) -> dict[str, Month]:
    """Return the months of the rows of these Pages: `unknown` without a time, "" if the table has none."""
    source = Sql.compose(STATEMENTS[table.name], pages=page_ids)
    found = fetch_all(Sql.compose(STATEMENTS["months"], source=source))
    return {month: Month(rows, f"{table.fingerprint}-{rows}-{total}") for month, rows, total in found}


def rows_of(table: Table, page_ids: list[int], months: list[str]) -> Iterator[tuple[str, Sequence]]:
    """Yield the month and the values of each row of these months, month by month and by ID."""
    source = Sql.compose(STATEMENTS[table.name], pages=page_ids)
    names = Sql(", ".join(f'"{name}"' for name in table.columns))
    query = Sql.compose(STATEMENTS["rows"], source=source, columns=names, months=months)
    with connection.chunked_cursor() as cursor:
        cursor.execute(query.text, query.params)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield from ((month, values) for month, *values in rows)
