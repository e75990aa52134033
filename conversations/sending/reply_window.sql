-- name: newest_inbound
-- When the customer last wrote or tapped a button, came by an ad or a link, and reacted (as text).
SELECT
  (SELECT occurred_at FROM conversations_interactionevent
   WHERE conversation_id = owner.id AND kind = 'message_received'
     AND NOT data ? 'stub' AND coalesce(data->>'time', '') <> 'unknown'
   ORDER BY occurred_at DESC, rank DESC LIMIT 1),
  owner.referred_at,
  (SELECT max(data->'reacted_at'->>'customer') FROM (
     SELECT data FROM conversations_interactionevent WHERE conversation_id = owner.id
     ORDER BY occurred_at DESC, rank DESC LIMIT %(among)s
   ) AS newest WHERE data->'reactions' @> '[{"actor": "customer"}]')
FROM conversations_conversation AS owner WHERE owner.id = %(conversation)s
