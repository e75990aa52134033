"""The limit of writing: COPY of the rows of an earlier sync into the same tables with the same indexes.

The bytes are read beforehand. One transaction writes 100 conversations, as many as a response contains.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg
from psycopg import sql

CONVERSATIONS_PER_BATCH = 100
# In the order of their foreign keys, each with the column that refers to the conversation.
TABLES = {
    "conversations_conversation": "id",
    "conversations_thread": "conversation_id",
    "conversations_interactionevent": "conversation_id",
}
Batch = dict[str, bytes]


def prepare(task: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    with psycopg.connect(task["source_url"]) as source:
        pages = read(source, "SELECT * FROM conversations_page")
        batches = list(read_batches(source))
    connection = psycopg.connect(task["database_url"], autocommit=True)
    write(connection, "conversations_page", pages)
    return lambda: copy_batches(connection, batches)


def read_batches(source: psycopg.Connection) -> list[Batch]:
    ids = [row[0] for row in source.execute("SELECT id FROM conversations_conversation ORDER BY id")]
    chunks = [ids[n : n + CONVERSATIONS_PER_BATCH] for n in range(0, len(ids), CONVERSATIONS_PER_BATCH)]
    query = "SELECT {} FROM {} WHERE {} BETWEEN {} AND {} ORDER BY id"
    return [
        {
            table: read(
                source,
                sql.SQL(query).format(
                    columns(source, table), sql.Identifier(table), sql.Identifier(key), chunk[0], chunk[-1]
                ),
            )
            for table, key in TABLES.items()
        }
        for chunk in chunks
    ]


def read(source: psycopg.Connection, query: str | sql.Composed) -> bytes:
    text = query if isinstance(query, str) else query.as_string(source)
    with source.cursor().copy(f"COPY ({text}) TO STDOUT".encode()) as rows:
        return b"".join(bytes(row) for row in rows)


@cache
def columns(connection: psycopg.Connection, table: str) -> sql.Composed:
    """Return the columns to write: all except generated ones."""
    names = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [table],
    ).fetchall()
    return sql.SQL(", ").join(sql.Identifier(name) for (name,) in names)


def write(connection: psycopg.Connection, table: str, rows: bytes) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns(connection, table))
    with connection.cursor().copy(statement) as copy:
        copy.write(rows)


def copy_batches(connection: psycopg.Connection, batches: list[Batch]) -> dict[str, Any]:
    for batch in batches:
        with connection.transaction():
            for table, rows in batch.items():
                write(connection, table, rows)
    return {"events": sum(batch["conversations_interactionevent"].count(b"\n") for batch in batches)}
