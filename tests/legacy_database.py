"""SQL that makes the test database a legacy one: without our unique keys, or with a key that has an owner."""

from django.db import connection

WITHOUT_ANY_KEY = [
    "ALTER TABLE conversations_conversation DROP CONSTRAINT conversation_page_sender_id",
    "ALTER TABLE conversations_thread DROP CONSTRAINT thread_page_graph_id",
    "DROP INDEX event_conversation_graph_digest",
]
WITH_THE_OWNERS_KEY = [
    WITHOUT_ANY_KEY[0],
    "ALTER TABLE conversations_conversation ADD owner_id bigint NOT NULL DEFAULT 1",
    "ALTER TABLE conversations_conversation ADD CONSTRAINT owner_key UNIQUE (owner_id, page_id, sender_id)",
]
WITH_THE_OWNERS_INDEX = [
    *WITH_THE_OWNERS_KEY[:2],
    "CREATE UNIQUE INDEX owner_key ON conversations_conversation (owner_id, page_id, sender_id)",
]


def make_legacy(statements: list[str]) -> None:
    """Run the statements in the transaction of the test, which rolls them back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE"
        )  # a table with pending constraint checks cannot be altered
        for statement in statements:
            cursor.execute(statement)
