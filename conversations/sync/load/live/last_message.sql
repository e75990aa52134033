-- name: newest_messages
-- The newest message of conversations that its sender has not taken back, and the time of the newest of all.
SELECT owner.id, coalesce(shown.text, ''), shown.kind, shown.attachments::text, shown.data::text, shown.occurred_at,
  newest.occurred_at
FROM unnest(%(ids)s::bigint[]) AS owner (id)
LEFT JOIN LATERAL (
  SELECT text, kind, attachments, data, occurred_at FROM conversations_interactionevent AS event
  WHERE event.conversation_id = owner.id AND kind IN ('message_received', 'message_sent', 'message_unknown')
    AND NOT data ? 'deleted' AND NOT data ? 'stub'
  ORDER BY occurred_at DESC, rank DESC, id DESC LIMIT 1
) AS shown ON true
LEFT JOIN LATERAL (
  SELECT occurred_at FROM conversations_interactionevent AS event
  WHERE event.conversation_id = owner.id AND kind IN ('message_received', 'message_sent', 'message_unknown')
    AND coalesce(data->>'time', '') <> 'unknown'
  ORDER BY occurred_at DESC, rank DESC, id DESC LIMIT 1
) AS newest ON true
