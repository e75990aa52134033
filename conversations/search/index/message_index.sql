-- name: dequeue
-- Removes the oldest entries of the queue, and returns them.
DELETE FROM conversations_messageindexqueue
WHERE id IN (SELECT id FROM conversations_messageindexqueue ORDER BY id LIMIT {limit})
RETURNING conversation_id, is_changed

-- name: new_messages
-- The messages and notes with text of each conversation that come after the event that is indexed last.
SELECT e.conversation_id, c.page_id, e.id, e.text
FROM unnest({ids}::bigint[], {last_events}::bigint[]) AS known(conversation_id, event_id)
JOIN conversations_interactionevent AS e ON e.conversation_id = known.conversation_id AND e.id > event_id
JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.kind IN ('message_received', 'message_sent', 'message_unknown', 'note_added') AND e.text <> ''
ORDER BY e.conversation_id, e.id

-- name: grow
-- Writes chunks that got more messages.
UPDATE conversations_messageindexchunk AS chunk SET text = grown.text, event_ids = grown.events::jsonb
FROM unnest({ids}::bigint[], {texts}::text[], {events}::text[]) AS grown(id, text, events) WHERE chunk.id = grown.id
