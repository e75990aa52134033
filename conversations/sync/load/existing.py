"""Reads the stored rows of a batch, oldest first.

The queries are raw, with the keys as JSON: the ORM makes a hundred parameters of a hundred keys, which take
the ORM, the driver and the server more time than the result.
"""

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db import connection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, Thread

STATEMENTS = read_statements(__file__)


class Links(NamedTuple):
    """The primary keys of the conversations of stored threads, by thread ID, and of aliases, by sender ID."""

    threads: dict[str, int]
    aliases: dict[str, int]


def existing_links(page_id: int, graph_ids: list[str], sender_ids: Collection[str]) -> Links:
    """Return the conversations of these threads, and of these senders if they are aliases."""
    keys: dict[str, Any] = {
        "page": page_id,
        "graph_ids": as_json(graph_ids),
        "sender_ids": as_json(list(sender_ids)),
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENTS["links"], keys)
        rows = cursor.fetchall()
    threads = {key: pk for is_thread, key, pk in rows if is_thread}
    return Links(threads, {key: pk for is_thread, key, pk in rows if not is_thread})


def existing_conversations(
    page_id: int, sender_ids: Collection[str], conversation_ids: Collection[int]
) -> list[Conversation]:
    """Return the Page's conversations with these senders, and those with these primary keys."""
    keys = {"page": page_id, "sender_ids": as_json(list(sender_ids)), "ids": list(conversation_ids)}
    return list(Conversation.objects.raw(STATEMENTS["conversations"], keys))


def existing_threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """Return these threads, and all threads of these conversations."""
    keys = {"page": page_id, "graph_ids": as_json(graph_ids), "conversation_ids": conversation_ids}
    statement = STATEMENTS["threads_with_siblings" if conversation_ids else "threads"]
    return list(Thread.objects.raw(statement, keys))
