-- name: candidates
-- Messages of archives that may be received ones: of the same conversation, side and text, at most one second apart.
-- Each received message is a list of its number, the conversation, its ID, the kind, its second and the text. Those that
-- are stored already need none, unless that is only a place: a stub, or a message that was taken back. A sentence of
-- Meta's stands where Facebook shows no text.
SELECT (message->>0)::integer, event.id, stored.id,
  abs(extract(epoch FROM date_trunc('second', event.occurred_at) - (message->>4)::timestamptz))::integer AS distance
FROM json_array_elements(%(messages)s::json) AS message
JOIN conversations_interactionevent AS event
  ON event.conversation_id = (message->>1)::bigint
    AND event.occurred_at >= (message->>4)::timestamptz - interval '1 second'
    AND event.occurred_at < (message->>4)::timestamptz + interval '2 seconds'
LEFT JOIN conversations_interactionevent AS stored
  ON stored.conversation_id = (message->>1)::bigint
    AND md5(stored.graph_id)::uuid = md5(message->>2)::uuid AND stored.graph_id = message->>2
WHERE event.graph_id IS NULL AND event.kind = message->>3
  AND event.data->>'source' = 'archive' AND NOT event.data ? 'deleted'
  AND CASE WHEN event.data ? 'prose' THEN message->>5 = ''
    ELSE normalize(event.text, NFC) = normalize(message->>5, NFC) END
  AND (stored.id IS NULL OR stored.data ?| ARRAY['stub', 'deleted'])
ORDER BY distance, 1, event.occurred_at, event.rank, event.id

-- name: adopt
-- Gives messages of archives the ID, time and text with which Facebook shows them. What reads the answer then finds them
-- stored, and replaces the rest. A webhook fills a stub, which loses what the archive said beside that.
UPDATE conversations_interactionevent AS event
SET graph_id = adopted.graph_id, occurred_at = adopted.occurred_at, rank = 0, fingerprint = NULL,
  text = CASE WHEN %(is_webhook)s THEN '' ELSE adopted.text END,
  attachments = CASE WHEN %(is_webhook)s THEN '[]' ELSE event.attachments END,
  data = CASE WHEN %(is_webhook)s THEN '{"stub": true, "time": "unknown"}' ELSE event.data - ARRAY['ms', 'prose'] END
FROM json_to_recordset(%(adopted)s::json) AS adopted (id bigint, graph_id text, occurred_at timestamptz, text text)
WHERE event.id = adopted.id

-- name: drop
-- Removes messages of archives of which another row is the place. What was imported is that one.
WITH dropped AS (
  SELECT (item->>0)::bigint AS id, (item->>1)::bigint AS place FROM json_array_elements(%(dropped)s::json) AS item
), removed AS (
  DELETE FROM conversations_interactionevent AS event USING dropped WHERE event.id = dropped.id
  RETURNING event.id, event.conversation_id
)
UPDATE conversations_importedmessage AS message SET event_id = dropped.place
FROM removed JOIN dropped USING (id)
JOIN conversations_importedthread AS thread ON thread.conversation_id = removed.conversation_id
WHERE message.thread_id = thread.id AND message.event_id = dropped.id

-- name: note_checks
-- Has the imported threads of a Page compared with these conversations at the end of the next run.
INSERT INTO conversations_importcheck (conversation_id) SELECT unnest(%(ids)s::bigint[]) ON CONFLICT DO NOTHING
