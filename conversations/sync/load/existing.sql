-- While a Page has its first sync, PostgreSQL's statistics do not know it: it expects no rows of it, and would read
-- all of them for each batch, once or even for each key. Therefore each row is looked up by its own key (LATERAL,
-- which OFFSET keeps), and the Page is a value that is not known when it plans (SELECT), for which it expects as many
-- rows as other Pages have.

-- name: known
-- What is stored of these threads and senders: the conversations of the threads (null: it has none), those of which a
-- sender is an alias, and those of the senders themselves.
SELECT 'thread', row.graph_id, row.conversation_id
FROM (SELECT DISTINCT json_array_elements_text(%(graph_ids)s::json) AS graph_id) AS wanted
CROSS JOIN LATERAL (
  SELECT graph_id, conversation_id FROM conversations_thread AS stored
  WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.graph_id = wanted.graph_id OFFSET 0
) AS row
UNION ALL
SELECT row.kind, row.sender_id, row.conversation_id
FROM (SELECT DISTINCT json_array_elements_text(%(sender_ids)s::json) AS sender_id) AS wanted
CROSS JOIN LATERAL (
  SELECT 'alias' AS kind, sender_id, conversation_id FROM conversations_conversationalias AS stored
  WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.sender_id = wanted.sender_id
  UNION ALL
  SELECT 'sender', sender_id, id FROM conversations_conversation AS stored
  WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.sender_id = wanted.sender_id OFFSET 0
) AS row

-- name: conversations
-- The conversations of these senders.
SELECT row.* FROM (SELECT DISTINCT json_array_elements_text(%(sender_ids)s::json) AS sender_id) AS wanted
CROSS JOIN LATERAL (
  SELECT * FROM conversations_conversation AS stored
  WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.sender_id = wanted.sender_id OFFSET 0
) AS row ORDER BY row.id

-- name: conversations_with_linked
-- The conversations of these senders, and those with these primary keys.
SELECT row.* FROM (
  SELECT found.id FROM (SELECT DISTINCT json_array_elements_text(%(sender_ids)s::json) AS sender_id) AS wanted
  CROSS JOIN LATERAL (
    SELECT id FROM conversations_conversation AS stored
    WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.sender_id = wanted.sender_id OFFSET 0
  ) AS found
  UNION SELECT unnest(%(ids)s::bigint[])
) AS known
CROSS JOIN LATERAL (
  SELECT * FROM conversations_conversation AS stored
  WHERE stored.id = known.id AND stored.page_id = (SELECT %(page)s::bigint) OFFSET 0
) AS row ORDER BY row.id

-- name: threads
SELECT row.* FROM (SELECT DISTINCT json_array_elements_text(%(graph_ids)s::json) AS graph_id) AS wanted
CROSS JOIN LATERAL (
  SELECT * FROM conversations_thread AS stored
  WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.graph_id = wanted.graph_id OFFSET 0
) AS row ORDER BY row.id

-- name: threads_with_siblings
-- These threads, and all threads of these conversations.
SELECT row.* FROM (
  SELECT found.id FROM (SELECT DISTINCT json_array_elements_text(%(graph_ids)s::json) AS graph_id) AS wanted
  CROSS JOIN LATERAL (
    SELECT id FROM conversations_thread AS stored
    WHERE stored.page_id = (SELECT %(page)s::bigint) AND stored.graph_id = wanted.graph_id OFFSET 0
  ) AS found
  UNION SELECT id FROM conversations_thread WHERE conversation_id = ANY(%(conversation_ids)s)
) AS known
CROSS JOIN LATERAL (
  SELECT * FROM conversations_thread AS stored
  WHERE stored.id = known.id AND stored.page_id = (SELECT %(page)s::bigint) OFFSET 0
) AS row ORDER BY row.id
