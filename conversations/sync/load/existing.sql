-- name: links
-- The conversations of these threads, and of these senders that are aliases.
SELECT true, graph_id, conversation_id FROM conversations_thread
WHERE page_id = %(page)s AND graph_id IN (SELECT json_array_elements_text(%(graph_ids)s::json))
  AND conversation_id IS NOT NULL
UNION ALL
SELECT false, sender_id, conversation_id FROM conversations_conversationalias
WHERE page_id = %(page)s AND sender_id IN (SELECT json_array_elements_text(%(sender_ids)s::json))

-- name: conversations
-- The conversations of these senders.
SELECT * FROM conversations_conversation
WHERE page_id = %(page)s AND sender_id IN (SELECT json_array_elements_text(%(sender_ids)s::json)) ORDER BY id

-- name: conversations_with_linked
-- The conversations of these senders, and those with these primary keys.
SELECT * FROM conversations_conversation WHERE page_id = %(page)s AND id IN (
  SELECT id FROM conversations_conversation
  WHERE page_id = %(page)s AND sender_id IN (SELECT json_array_elements_text(%(sender_ids)s::json))
  UNION SELECT unnest(%(ids)s::bigint[])
) ORDER BY id

-- name: threads
SELECT * FROM conversations_thread
WHERE page_id = %(page)s AND graph_id IN (SELECT json_array_elements_text(%(graph_ids)s::json)) ORDER BY id

-- name: threads_with_siblings
-- These threads, and all threads of these conversations.
SELECT * FROM conversations_thread WHERE page_id = %(page)s AND id IN (
  SELECT id FROM conversations_thread
  WHERE page_id = %(page)s AND graph_id IN (SELECT json_array_elements_text(%(graph_ids)s::json))
  UNION SELECT id FROM conversations_thread WHERE conversation_id = ANY(%(conversation_ids)s)
) ORDER BY id
