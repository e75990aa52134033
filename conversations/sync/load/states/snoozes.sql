-- name: end_snoozes
-- Ends the snooze of these conversations, each with an event. At its time, it may have been prolonged meanwhile.
WITH ended AS (
  SELECT id, snoozed_until FROM conversations_conversation
  WHERE id = ANY(%(ids)s::bigint[]) AND snoozed_until IS NOT NULL
    AND (%(reason)s <> 'time' OR snoozed_until <= now())
), changed AS (
  UPDATE conversations_conversation AS c SET snoozed_until = NULL, updated_at = now()
  FROM ended WHERE c.id = ended.id
)
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT id, 'snooze_ended', now(), '', '[]', jsonb_build_object(
  'until', to_char(snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'reason', %(reason)s::text)
FROM ended ORDER BY id
RETURNING conversation_id

-- name: due_snoozes
-- The index of this condition has nothing but conversations that are snoozed.
SELECT page_id, id FROM conversations_conversation
WHERE snoozed_until IS NOT NULL AND snoozed_until <= now() ORDER BY snoozed_until LIMIT %(limit)s
