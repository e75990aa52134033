-- name: read_messages
-- Stored messages, by pairs of conversation and message ID.
SELECT event.conversation_id, event.graph_id, event.id, event.kind, event.occurred_at, event.rank, event.text,
  event.attachments, event.data
FROM json_array_elements(%(pairs)s::json) AS pair
JOIN conversations_interactionevent AS event
  ON event.conversation_id = (pair->>0)::bigint
    AND md5(event.graph_id)::uuid = md5(pair->>1)::uuid AND event.graph_id = pair->>1

-- name: update_messages
-- Without fingerprints: the next list that shows the messages compares them.
UPDATE conversations_interactionevent AS event
SET kind = message.kind, text = message.text, attachments = message.attachments, data = message.data,
  occurred_at = message.occurred_at, rank = message.rank, fingerprint = NULL,
  header = CASE WHEN message.data ? 'deleted' THEN NULL ELSE event.header END
FROM json_to_recordset(%(messages)s::json) AS message (
  id bigint, kind text, text text, attachments jsonb, data jsonb, occurred_at timestamptz, rank integer
)
WHERE event.id = message.id

-- name: add_history
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT (edit->>0)::bigint, 'content_updated', now(), '', '[]', (edit->1)::jsonb
FROM json_array_elements(%(edits)s::json) AS edit

-- name: clear_history
-- Earlier texts of messages that their senders have taken back.
UPDATE conversations_interactionevent AS event SET data = event.data - 'before'
FROM json_array_elements(%(deleted)s::json) AS message
WHERE event.conversation_id = (message->>0)::bigint AND event.kind = 'content_updated'
  AND event.data->>'message' = message->>1 AND event.data ? 'before'

-- name: count_held
-- Counts further messages of threads, by Page and thread ID.
UPDATE conversations_thread AS thread SET held_count = thread.held_count + (held->>2)::integer
FROM json_array_elements(%(threads)s::json) AS held
WHERE thread.page_id = (held->>0)::bigint AND thread.graph_id = held->>1
