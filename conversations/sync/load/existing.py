"""Reads the stored rows of a batch, oldest first.

The queries are raw, with the keys as JSON: the ORM makes a hundred parameters of a hundred keys, which take
the ORM, the driver and the server more time than the result.
"""

from collections.abc import Collection

from conversations.lib.sql_files import read_statements
from conversations.lib.text import as_json
from conversations.models import Conversation, Thread

STATEMENTS = read_statements(__file__)


def existing_conversations(page_id: int, sender_ids: Collection[str]) -> list[Conversation]:
    """Return the Page's conversations with these senders."""
    keys = {"page": page_id, "sender_ids": as_json(list(sender_ids))}
    return list(Conversation.objects.raw(STATEMENTS["conversations"], keys))


def existing_threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """Return these threads, and all threads of these conversations."""
    keys = {"page": page_id, "graph_ids": as_json(graph_ids), "conversation_ids": conversation_ids}
    statement = STATEMENTS["threads_with_siblings" if conversation_ids else "threads"]
    return list(Thread.objects.raw(statement, keys))
