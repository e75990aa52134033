-- name: first_messages
-- The oldest messages of each of these conversations, in the order of the list. The header of a message and its time,
-- as Facebook writes it, are what InteractionEvent.full_data adds. Of a stub, the message itself has not come yet.
SELECT wanted.id, e.id, e.kind, e.graph_id, {time}, e.text, e.attachments::text,
       (CASE WHEN e.header IS NULL THEN e.data ELSE coalesce(h.data, '{{}}') || jsonb_build_object(
         'created_time', to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+0000"')) || e.data END)::text
FROM unnest({ids}::bigint[]) WITH ORDINALITY AS wanted(id, place)
CROSS JOIN LATERAL (
  SELECT * FROM conversations_interactionevent
  WHERE conversation_id = wanted.id AND starts_with(kind, 'message_') AND NOT jsonb_exists(data, 'stub')
  ORDER BY occurred_at, rank, id LIMIT {limit}
) AS e
LEFT JOIN conversations_messageheader AS h ON h.conversation_id = e.conversation_id AND h.key = e.header
ORDER BY wanted.place, e.occurred_at, e.rank, e.id

-- name: next_messages
-- The messages of a conversation that follow this one.
SELECT e.conversation_id, e.id, e.kind, e.graph_id, {time}, e.text, e.attachments::text,
       (CASE WHEN e.header IS NULL THEN e.data ELSE coalesce(h.data, '{{}}') || jsonb_build_object(
         'created_time', to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+0000"')) || e.data END)::text
FROM conversations_interactionevent AS e
JOIN conversations_interactionevent AS last ON last.id = {after}
LEFT JOIN conversations_messageheader AS h ON h.conversation_id = e.conversation_id AND h.key = e.header
WHERE e.conversation_id = {conversation} AND starts_with(e.kind, 'message_') AND NOT jsonb_exists(e.data, 'stub')
  AND (e.occurred_at, e.rank, e.id) > (last.occurred_at, last.rank, last.id)
ORDER BY e.occurred_at, e.rank, e.id LIMIT {limit}
