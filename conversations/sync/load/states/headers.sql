-- name: insert_headers
-- Stores headers of messages that their conversations do not have yet. The text is JSON: a list of conversation,
-- key and header.
INSERT INTO conversations_messageheader (conversation_id, key, data)
SELECT (header->>0)::bigint, (header->>1)::bigint, header->2 FROM jsonb_array_elements(%(headers)s::jsonb) AS header
ON CONFLICT DO NOTHING

-- name: next_events
-- The last of the next events, and the Pages that they belong to.
SELECT max(next.id), array_agg(DISTINCT row.page_id) FROM (
  SELECT id, conversation_id FROM conversations_interactionevent
  WHERE id > %(position)s ORDER BY id LIMIT %(limit)s
) AS next JOIN conversations_conversation AS row ON row.id = next.conversation_id

-- name: split
-- Gives the messages after one event, up to another one, a header, and leaves the rest in their data. The time stays
-- there if `occurred_at` does not say the same.
WITH message AS (
  SELECT event.id, event.conversation_id, coalesce(members.data, '{}') AS members,
    to_jsonb(to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+0000"')) AS usual_time
  FROM conversations_interactionevent AS event CROSS JOIN LATERAL (
    SELECT jsonb_object_agg(name, event.data->name) AS data FROM unnest(ARRAY['from', 'to', 'tags']) AS name
    WHERE event.data ? name
  ) AS members
  WHERE event.id > %(position)s AND event.id <= %(until)s
    AND event.graph_id IS NOT NULL AND event.header IS NULL AND event.data ? 'created_time'
), keyed AS (
  SELECT *, CASE WHEN members = '{}' THEN 0 ELSE hashtextextended(members::text, 0) END AS key FROM message
), stored AS (
  INSERT INTO conversations_messageheader (conversation_id, key, data)
  SELECT DISTINCT conversation_id, key, members FROM keyed WHERE key <> 0
  ON CONFLICT DO NOTHING
)
UPDATE conversations_interactionevent AS event
SET header = keyed.key, data = CASE
  WHEN event.data->'created_time' = keyed.usual_time THEN event.data - ARRAY['from', 'to', 'tags', 'created_time']
  ELSE event.data - ARRAY['from', 'to', 'tags'] END
FROM keyed WHERE event.id = keyed.id
