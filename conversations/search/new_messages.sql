-- name: count
-- How many of the conversations that `matches` selects have a message after the mark. `matches` reads `arrived`.
WITH arrived AS MATERIALIZED (
  SELECT DISTINCT conversation_id FROM (
    SELECT conversation_id FROM conversations_interactionevent
    WHERE id > {mark} AND starts_with(kind, 'message_') ORDER BY id LIMIT {max_messages}
  ) AS newest
)
SELECT count(*) FROM ({matches} LIMIT {max_conversations}) AS matches
