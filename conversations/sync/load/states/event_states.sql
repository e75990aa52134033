-- name: read_states
-- The content of stored messages.
SELECT id, kind, text, attachments, data, occurred_at, header FROM conversations_interactionevent
WHERE id = ANY(%(ids)s)

-- name: update_states
-- Replaces the content of messages, and adds an event about each change that staff should know of.
WITH state AS (
  SELECT * FROM json_to_recordset(%(states)s::json) AS state (
    id bigint, kind text, text text, attachments jsonb, data jsonb, occurred_at timestamptz, fingerprint integer,
    header bigint, new_header jsonb, change jsonb
  )
), updated AS (
  UPDATE conversations_interactionevent AS event
  SET kind = state.kind, text = state.text, attachments = state.attachments, data = state.data,
    occurred_at = state.occurred_at, fingerprint = state.fingerprint, header = state.header
  FROM state WHERE event.id = state.id RETURNING event.id, event.conversation_id
), stored AS (
  INSERT INTO conversations_messageheader (conversation_id, key, data)
  SELECT DISTINCT updated.conversation_id, state.header, state.new_header
  FROM updated JOIN state USING (id) WHERE state.new_header IS NOT NULL
  ON CONFLICT DO NOTHING
)
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT updated.conversation_id, 'content_updated', %(now)s, '', '[]', state.change
FROM updated JOIN state USING (id) WHERE state.change IS NOT NULL ORDER BY updated.id

-- name: times_in_other_forms
-- Facebook's times of all messages of the conversations of some messages, unless they have the usual form.
SELECT event.id, event.data->'created_time', event.occurred_at FROM conversations_interactionevent AS event
WHERE event.conversation_id IN (
  SELECT conversation_id FROM conversations_interactionevent WHERE id = ANY(%(ids)s)
) AND event.graph_id IS NOT NULL AND event.data->>'created_time' NOT LIKE '____-__-__T__:__:__+0000'

-- name: correct_times
UPDATE conversations_interactionevent AS event SET occurred_at = time.occurred_at
FROM json_to_recordset(%(times)s::json) AS time (id bigint, occurred_at timestamptz) WHERE event.id = time.id
