-- name: lost_thread
-- Conversations with the same messages, whose thread belongs to another one: earlier versions created a new
-- conversation when the person of a thread got a new ID. There are few or none. Both look-ups have the form of a
-- subquery, which PostgreSQL runs by the unique keys also where it has no statistics yet, as in a first run.
WITH lost AS MATERIALIZED (
  SELECT former.id AS former, thread.conversation_id AS present FROM conversations_conversation AS former
  CROSS JOIN LATERAL (
    SELECT conversation_id FROM conversations_thread
    WHERE page_id = %(page)s AND graph_id = former.graph_id AND people IS NULL
    OFFSET 0
  ) AS thread
  WHERE former.page_id = %(page)s AND thread.conversation_id <> former.id
    AND former.sender_id <> ALL(%(business)s)
)
SELECT lost.former, lost.present FROM lost JOIN conversations_conversation AS row ON row.id = lost.present
WHERE row.sender_id <> ALL(%(business)s) AND EXISTS (
  SELECT FROM conversations_interactionevent AS one JOIN conversations_interactionevent AS other
    ON other.conversation_id = lost.present
      AND md5(other.graph_id)::uuid = md5(one.graph_id)::uuid AND other.graph_id = one.graph_id
  WHERE one.conversation_id = lost.former
  OFFSET 0
)
ORDER BY lost.former, lost.present

-- name: same_messages
-- Conversations with the same name and the same messages, one of them new: the person and the thread have
-- both got new IDs.
WITH namesakes AS (
  SELECT present.id AS present, former.id AS former
  FROM conversations_conversation AS present
  JOIN conversations_conversation AS former
    ON former.page_id = present.page_id AND former.sender_name = present.sender_name
  WHERE present.page_id = %(page)s AND present.created_at >= %(since)s AND former.created_at < %(since)s
    AND present.sender_name <> '' AND former.platform = present.platform
)
SELECT DISTINCT namesakes.former, namesakes.present FROM namesakes
JOIN conversations_interactionevent AS one ON one.conversation_id = namesakes.present
JOIN conversations_interactionevent AS other
  ON other.conversation_id = namesakes.former
    AND md5(other.graph_id)::uuid = md5(one.graph_id)::uuid AND other.graph_id = one.graph_id
ORDER BY namesakes.former, namesakes.present
