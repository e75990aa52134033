"""Reads the stored rows of a batch, oldest first.

The queries are raw, with the keys as JSON: the ORM makes a hundred parameters of a hundred keys, which take
the ORM, the driver and the server more time than the result.
"""

from collections.abc import Collection
from typing import NamedTuple

from django.db import connection

from conversations.lib.text import as_json
from conversations.models import Conversation, Thread

LINKS = """
SELECT true, graph_id, conversation_id FROM conversations_thread
WHERE page_id = %s AND graph_id IN (SELECT json_array_elements_text(%s::json)) AND conversation_id IS NOT NULL
UNION ALL
SELECT false, sender_id, conversation_id FROM conversations_conversationalias
WHERE page_id = %s AND sender_id IN (SELECT json_array_elements_text(%s::json))
"""
CONVERSATIONS = """
SELECT * FROM conversations_conversation WHERE page_id = %s AND id IN (
  SELECT id FROM conversations_conversation
  WHERE page_id = %s AND sender_id IN (SELECT json_array_elements_text(%s::json))
  UNION SELECT unnest(%s::bigint[])
) ORDER BY id
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


class Links(NamedTuple):
    """The primary keys of the conversations of stored threads, by thread ID, and of aliases, by sender ID."""

    threads: dict[str, int]
    aliases: dict[str, int]


def existing_links(page_id: int, graph_ids: list[str], sender_ids: Collection[str]) -> Links:
    """Return the conversations of these threads, and of these senders if they are aliases."""
    with connection.cursor() as cursor:
        cursor.execute(LINKS, [page_id, as_json(graph_ids), page_id, as_json(list(sender_ids))])
        rows = cursor.fetchall()
    threads = {key: pk for is_thread, key, pk in rows if is_thread}
    return Links(threads, {key: pk for is_thread, key, pk in rows if not is_thread})


def existing_conversations(
    page_id: int, sender_ids: Collection[str], conversation_ids: Collection[int]
) -> list[Conversation]:
    """Return the Page's conversations with these senders, and those with these primary keys."""
    keys = [page_id, page_id, as_json(list(sender_ids)), list(conversation_ids)]
    return list(Conversation.objects.raw(CONVERSATIONS, keys))


def existing_threads(page_id: int, graph_ids: list[str], conversation_ids: list[int]) -> list[Thread]:
    """Return these threads, and all threads of these conversations."""
    if not conversation_ids:
        return list(Thread.objects.raw(THREADS, [page_id, as_json(graph_ids)]))
    keys = [page_id, page_id, as_json(graph_ids), conversation_ids]
    return list(Thread.objects.raw(ALL_THREADS, keys))
