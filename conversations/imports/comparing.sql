-- name: shared
-- Messages of a thread that a conversation has, too: of the same side and text, at most one second apart. The newest.
SELECT message.event_id, other.id, message.proof IS NOT NULL, other.occurred_at
FROM conversations_importedmessage AS message
JOIN conversations_interactionevent AS event ON event.id = message.event_id
JOIN conversations_interactionevent AS other
  ON other.conversation_id = %(conversation)s AND other.kind = event.kind
    AND other.occurred_at >= date_trunc('second', event.occurred_at) - interval '1 second'
    AND other.occurred_at < date_trunc('second', event.occurred_at) + interval '2 seconds'
    AND normalize(other.text, NFC) = normalize(event.text, NFC)
WHERE message.thread_id = %(thread)s AND event.text <> '' AND other.id <> event.id
ORDER BY message.proof IS NOT NULL DESC, other.occurred_at DESC, other.id, event.id LIMIT %(limit)s

-- name: texts_of
-- The messages of a thread in a span of time, or those of a conversation.
SELECT event.id, event.occurred_at, event.kind, event.text FROM conversations_interactionevent AS event
WHERE event.kind IN ('message_received', 'message_sent') AND NOT event.data ? 'stub'
  AND event.occurred_at BETWEEN %(first)s AND %(last)s
  AND CASE WHEN %(thread)s::bigint IS NULL THEN event.conversation_id = %(conversation)s
    ELSE event.conversation_id = %(conversation)s AND event.id IN (
      SELECT event_id FROM conversations_importedmessage WHERE thread_id = %(thread)s) END
ORDER BY event.occurred_at DESC, event.rank DESC, event.id DESC LIMIT %(limit)s
