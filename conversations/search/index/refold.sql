-- name: clear
UPDATE conversations_conversation SET search = '' WHERE id = ANY({ids}::bigint[])

-- name: set
UPDATE conversations_conversation AS c SET search = folded.text
FROM unnest({ids}::bigint[], {texts}::text[]) AS folded(id, text) WHERE c.id = folded.id

-- name: queue_messages
-- Queues the conversations that have a message with other characters than those that fold as ever: ASCII, except
-- for backticks and several spaces.
INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
SELECT id, true FROM unnest({ids}::bigint[]) AS slice(id)
WHERE EXISTS (
  SELECT FROM conversations_interactionevent AS e
  WHERE e.conversation_id = slice.id AND e.text ~ '[^ -_a-~]|  '
)
