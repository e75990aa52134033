-- name: create
-- Messages of archives that are compared or stored now. `hash` is that of the text, `second` that of the time; a
-- sentence of Meta's counts as no text. `event_id` is the event that it is or would be, `stored_id` one that is stored.
CREATE TEMP TABLE IF NOT EXISTS archive_messages (
  thread_id bigint NOT NULL,
  key uuid,
  kind text NOT NULL,
  occurred_at timestamptz NOT NULL,
  second bigint NOT NULL,
  text text NOT NULL,
  attachments jsonb NOT NULL,
  data jsonb NOT NULL,
  is_prose boolean NOT NULL,
  is_proof boolean NOT NULL,
  event_id bigint DEFAULT nextval('conversations_interactionevent_id_seq'),
  stored_id bigint,
  is_known boolean NOT NULL DEFAULT false,
  hash bigint GENERATED ALWAYS AS (
    hashtextextended(CASE WHEN is_prose THEN '' ELSE normalize(text, NFC) END, 0)
  ) STORED
);
CREATE TEMP TABLE IF NOT EXISTS stored_texts (
  conversation_id bigint NOT NULL, second bigint NOT NULL, hash bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS stored_texts_by_hash ON stored_texts (hash, second)

-- name: drop
DROP TABLE IF EXISTS archive_messages; DROP TABLE IF EXISTS stored_texts

-- name: clear_messages
TRUNCATE archive_messages

-- name: clear_texts
TRUNCATE stored_texts

-- name: stage_threads
-- The messages of imported threads that are stored.
INSERT INTO archive_messages (
  thread_id, key, kind, occurred_at, second, text, attachments, data, is_prose, is_proof, event_id, is_known
)
SELECT message.thread_id, message.key, event.kind, event.occurred_at,
  floor(extract(epoch FROM event.occurred_at))::bigint, event.text, event.attachments, event.data,
  event.data ? 'prose', message.proof IS NOT NULL, event.id, true
FROM conversations_importedmessage AS message
JOIN conversations_interactionevent AS event ON event.id = message.event_id
WHERE message.thread_id = ANY(%(threads)s)

-- name: stage_conversation
-- The messages of a conversation that only archives know, as those of one of its threads.
INSERT INTO archive_messages (
  thread_id, kind, occurred_at, second, text, attachments, data, is_prose, is_proof, event_id
)
SELECT %(thread)s, kind, occurred_at, floor(extract(epoch FROM occurred_at))::bigint, text, attachments, data,
  data ? 'prose', false, id
FROM conversations_interactionevent
WHERE conversation_id = %(conversation)s AND kind IN ('message_received', 'message_sent')

-- name: stage_texts
-- What customers wrote in the conversations of a Page: all of them, or these.
INSERT INTO stored_texts (conversation_id, second, hash)
SELECT event.conversation_id, floor(extract(epoch FROM event.occurred_at))::bigint,
  hashtextextended(normalize(event.text, NFC), 0)
FROM conversations_interactionevent AS event JOIN conversations_conversation AS owner
  ON owner.id = event.conversation_id
WHERE owner.page_id = %(page)s AND (%(ids)s::bigint[] IS NULL OR event.conversation_id = ANY(%(ids)s::bigint[]))
  AND event.kind = 'message_received' AND length(event.text) >= %(min_length)s AND NOT event.data ? 'prose'

-- name: analyze_messages
-- The tables are new, so that PostgreSQL would guess their sizes.
ANALYZE archive_messages

-- name: analyze_texts
ANALYZE stored_texts
