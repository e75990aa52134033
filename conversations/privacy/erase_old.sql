-- name: with_old_events
-- The next conversations of a Page that have events of before this time: one look into an index for each conversation.
SELECT id FROM conversations_conversation AS conversation
WHERE page_id = %(page)s AND id > %(last)s AND EXISTS (
  SELECT FROM conversations_interactionevent WHERE conversation_id = conversation.id AND occurred_at < %(since)s
)
ORDER BY id LIMIT %(limit)s

-- name: delete_events
-- Deletes old events of these conversations, at most so many, and what imports know of them. Returns how many messages and others each has lost.
WITH old AS MATERIALIZED (
  SELECT id FROM conversations_interactionevent
  WHERE conversation_id = ANY(%(ids)s) AND occurred_at < %(since)s LIMIT %(limit)s
), deleted AS (
  DELETE FROM conversations_interactionevent AS event USING old WHERE event.id = old.id
  RETURNING event.id, event.conversation_id, event.kind
), forgotten AS (
  DELETE FROM conversations_importedmessage AS message
  USING deleted JOIN conversations_importedthread AS thread ON thread.conversation_id = deleted.conversation_id
  WHERE message.thread_id = thread.id AND message.event_id = deleted.id
)
SELECT conversation_id, count(*) FILTER (WHERE starts_with(kind, 'message_')),
  count(*) FILTER (WHERE NOT starts_with(kind, 'message_'))
FROM deleted GROUP BY conversation_id

-- name: delete_history
-- Earlier texts of messages that are gone.
DELETE FROM conversations_interactionevent AS history
WHERE conversation_id = ANY(%(ids)s) AND kind = 'content_updated' AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS message
  WHERE message.conversation_id = history.conversation_id
    AND md5(message.graph_id)::uuid = md5(history.data->>'message')::uuid
)

-- name: delete_headers
-- Senders and recipients that no message is left of.
DELETE FROM conversations_messageheader AS header
WHERE conversation_id = ANY(%(ids)s) AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS event
  WHERE event.conversation_id = header.conversation_id AND event.header = header.key
)

-- name: clear_separated
-- Old history of conversations that mixed several people, which is kept until somebody assigns it.
UPDATE conversations_removedconversation AS removed SET details = jsonb_set(details, '{events}', coalesce((
  SELECT jsonb_agg(event) FROM jsonb_array_elements(removed.details->'events') AS event
  WHERE (event->>'occurred_at')::timestamptz >= %(since)s
), '[]'))
WHERE page_id = %(page)s AND kind = 'separated' AND details ? 'events'

-- name: clear_conversations
-- What brought the customer, if that is too old.
UPDATE conversations_conversation SET referral = NULL, referred_at = NULL, ad_id = NULL
WHERE id = ANY(%(ids)s) AND referred_at < %(since)s

-- name: shorten_threads
-- Their older messages are not kept, so no audit reads them again.
UPDATE conversations_thread AS thread SET history = 'truncated', held_count = (
  SELECT count(*) FROM conversations_interactionevent AS event
  WHERE event.conversation_id = thread.conversation_id AND starts_with(event.kind, 'message_')
    AND (event.graph_id IS NOT NULL OR thread.platform = 'instagram')
)
WHERE conversation_id = ANY(%(ids)s)

-- name: shorten_imported
-- What is left of imported threads. `digest` is that of their messages: the next import reads them again.
UPDATE conversations_importedthread AS thread
SET message_count = kept.number, first_at = kept.first, last_at = kept.last, digest = ''
FROM (
  SELECT message.thread_id, count(*) AS number, min(event.occurred_at) AS first, max(event.occurred_at) AS last
  FROM conversations_importedthread AS imported
  JOIN conversations_importedmessage AS message ON message.thread_id = imported.id
  JOIN conversations_interactionevent AS event ON event.id = message.event_id
  WHERE imported.conversation_id = ANY(%(ids)s) GROUP BY 1
) AS kept
WHERE thread.id = kept.thread_id

-- name: shorten_own
-- Conversations that only archives know count what they have.
UPDATE conversations_conversation AS conversation SET message_count = (
  SELECT count(*) FROM conversations_interactionevent AS event
  WHERE event.conversation_id = conversation.id AND starts_with(event.kind, 'message_')
)
WHERE id = ANY(%(ids)s) AND starts_with(sender_id, 'archive:')
