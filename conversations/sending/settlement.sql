-- name: candidates
-- Messages of the Page in these conversations since then that belong to no row of the outbox.
SELECT event.conversation_id, event.graph_id, event.occurred_at, event.text, event.attachments::text, event.data::text
FROM conversations_interactionevent AS event
WHERE event.conversation_id = ANY(%(conversations)s) AND event.occurred_at >= %(since)s
  AND event.kind = 'message_sent' AND event.graph_id IS NOT NULL AND NOT event.data ? 'stub'
  AND NOT EXISTS (
    SELECT FROM conversations_outgoingmessage AS other
    WHERE other.conversation_id = event.conversation_id AND other.graph_id = event.graph_id
  )
ORDER BY event.conversation_id, event.occurred_at, event.id
