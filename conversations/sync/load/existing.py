"""Reads the stored rows of a batch, oldest first.

The queries are raw, with the keys as JSON: the ORM makes a hundred parameters of a hundred keys, which take
the ORM, the driver and the server more time than the result.
"""

from collections.abc import Collection

from conversations.lib.text import as_json
from conversations.models import Conversation, Thread

CONVERSATIONS = """
SELECT * FROM conversations_conversation
WHERE page_id = %s AND sender_id IN (SELECT json_array_elements_text(%s::json)) ORDER BY id
"""
THREADS = """
SELECT * FROM conversations_thread
WHERE page_id = %s AND graph_id IN (SELECT json_array_elements_text(%s::json)) ORDER BY id
"""
ALL_THREADS = """
SELECT * FROM conversations_thread WHERE page_id = %s AND id IN (
  SELECT id FROM conversations_thread
  WHERE page_id = %s AND graph_id IN (SELECT json_array_elements_text(%s::json))
  UNION SELECT id FROM conversations_thread WHERE conversation_id = ANY(%s)
) ORDER BY id
"""


def existing_conversations(page_id: int, sender_ids: Collection[str]) -> list[Conversation]:
    """Return the Page's conversations with these senders."""
    return list(Conversation.objects.raw(CONVERSATIONS, [page_id, as_json(list(sender_ids))]))


def existing_threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """Return these threads, and all threads of these conversations."""
    if not conversation_ids:
        return list(Thread.objects.raw(THREADS, [page_id, as_json(graph_ids)]))
    keys = [page_id, page_id, as_json(graph_ids), conversation_ids]
    return list(Thread.objects.raw(ALL_THREADS, keys))
