-- name: copy
COPY archive_messages ({columns}) FROM STDIN

-- name: imported_before
-- Those of these threads that have imported messages.
SELECT id FROM unnest(%(threads)s::bigint[]) AS id
WHERE EXISTS (SELECT FROM conversations_importedmessage AS message WHERE message.thread_id = id)

-- name: mark_known
-- Staged messages that were imported before.
UPDATE archive_messages AS message SET is_known = true
FROM conversations_importedmessage AS known
WHERE message.thread_id = ANY(%(threads)s) AND known.thread_id = message.thread_id AND known.key = message.key

-- name: count
-- How many staged messages were imported before, and how many of the others are stored.
SELECT count(*) FILTER (WHERE is_known), count(*) FILTER (WHERE NOT is_known AND stored_id IS NOT NULL),
  count(*) FILTER (WHERE NOT is_known AND stored_id IS NULL)
FROM archive_messages

-- name: insert_events
INSERT INTO conversations_interactionevent
  (id, conversation_id, kind, occurred_at, text, attachments, data)
SELECT message.event_id, thread.conversation_id, message.kind, message.occurred_at, message.text, message.attachments,
  message.data
FROM archive_messages AS message JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
WHERE message.thread_id = ANY(%(threads)s) AND NOT message.is_known AND message.stored_id IS NULL
ORDER BY message.event_id

-- name: insert_messages
INSERT INTO conversations_importedmessage (thread_id, key, event_id, proof)
SELECT thread_id, key, coalesce(stored_id, event_id),
  CASE WHEN is_proof THEN hashtextextended(normalize(text, NFC), second) END
FROM archive_messages WHERE thread_id = ANY(%(threads)s) AND NOT is_known

-- name: save_threads
-- Writes what changed of imported threads.
UPDATE conversations_importedthread AS thread
SET conversation_id = row.conversation_id, state = row.state, customer_name = row.customer_name,
  message_count = row.message_count, first_at = row.first_at, last_at = row.last_at, has_gaps = row.has_gaps,
  digest = row.digest
FROM json_populate_recordset(NULL::conversations_importedthread, %(rows)s::json) AS row WHERE thread.id = row.id

-- name: events_of
-- The events of staged messages, by thread and key.
SELECT message.thread_id, message.key, message.event_id FROM conversations_importedmessage AS message
JOIN json_array_elements(%(messages)s::json) AS wanted
  ON message.thread_id = (wanted->>0)::bigint AND message.key = (wanted->>1)::uuid
