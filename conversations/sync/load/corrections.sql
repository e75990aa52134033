-- name: lost_thread
-- Conversations with the same messages, whose thread belongs to another one: earlier versions created a new
-- conversation when the person of a thread got a new ID.
SELECT former.id, present.id FROM conversations_conversation AS former
JOIN conversations_thread AS thread
  ON thread.page_id = former.page_id AND thread.graph_id = former.graph_id
JOIN conversations_conversation AS present ON present.id = thread.conversation_id
WHERE former.page_id = %(page)s AND present.id <> former.id AND thread.people IS NULL
  AND former.sender_id <> ALL(%(business)s) AND present.sender_id <> ALL(%(business)s)
  AND EXISTS (
    SELECT FROM conversations_interactionevent AS one JOIN conversations_interactionevent AS other
      ON other.conversation_id = present.id
        AND md5(other.graph_id)::uuid = md5(one.graph_id)::uuid AND other.graph_id = one.graph_id
    WHERE one.conversation_id = former.id)
ORDER BY former.id, present.id

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
