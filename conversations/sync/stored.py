"""What the tables hold of a batch, the oldest rows first.

Raw, and with the keys as JSON: of a list of a hundred the ORM makes a hundred parameters, which it, the
driver and the server all take longer over than over the answer.
"""

from collections.abc import Collection

from conversations.models import Conversation, Thread
from conversations.text import as_json

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


def stored_conversations(page_id: int, sender_ids: Collection[str]) -> list[Conversation]:
    return list(Conversation.objects.raw(CONVERSATIONS, [page_id, as_json(list(sender_ids))]))


def stored_threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """These threads, and all of these conversations."""
    if not conversation_ids:
        return list(Thread.objects.raw(THREADS, [page_id, as_json(graph_ids)]))
    keys = [page_id, page_id, as_json(graph_ids), conversation_ids]
    return list(Thread.objects.raw(ALL_THREADS, keys))
