-- name: matches
-- The messages of these conversations that match one of the patterns: (conversation, event).
SELECT p.conversation_id, (p.event_ids->>(message.number::integer - 1))::bigint
FROM conversations_messageindexchunk AS p,
  string_to_table(p.text, {separator}) WITH ORDINALITY AS message(text, number)
WHERE p.conversation_id = ANY({ids}::bigint[]) AND message.text LIKE ANY({patterns}::text[])

-- name: matching_events
-- The messages of a conversation that match one of the patterns.
SELECT (p.event_ids->>(message.number::integer - 1))::bigint
FROM conversations_messageindexchunk AS p,
  string_to_table(p.text, {separator}) WITH ORDINALITY AS message(text, number)
WHERE p.conversation_id = {conversation} AND message.text LIKE ANY({patterns}::text[])

-- name: newest
-- The newest of these events in each conversation.
SELECT DISTINCT ON (conversation_id) conversation_id, id, occurred_at, text
FROM conversations_interactionevent WHERE id = ANY({ids}::bigint[])
ORDER BY conversation_id, occurred_at DESC, rank DESC, id DESC
