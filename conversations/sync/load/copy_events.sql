-- name: stored_messages
-- The stored messages of pairs of conversation and message ID, with their content if it has no fingerprint, and all
-- messages of some seconds of conversations. A join of pairs: two IN lists would search the index for each
-- combination. The unique key holds digests of the IDs. As JSON, because the driver takes longer to write an array of
-- texts than the server to look them up.
SELECT event.conversation_id, event.graph_id, event.id, event.occurred_at, event.rank, event.fingerprint,
  (event.data->>'ms')::integer, event.data ? 'deleted',
  event.data @> '{"deleted": true, "source": "webhook"}' AND event.data ? 'ms',
  CASE WHEN event.fingerprint IS NULL THEN jsonb_build_array(
    event.kind, event.text, event.attachments, event.data - ARRAY['from', 'to', 'tags', 'created_time']
  ) END
FROM json_array_elements(%(pairs)s::json) AS pair
JOIN conversations_interactionevent AS event
  ON event.conversation_id = (pair->>0)::bigint
    AND md5(event.graph_id)::uuid = md5(pair->>1)::uuid AND event.graph_id = pair->>1
UNION ALL
SELECT event.conversation_id, event.graph_id, event.id, event.occurred_at, event.rank, event.fingerprint,
  (event.data->>'ms')::integer, event.data ? 'deleted',
  event.data @> '{"deleted": true, "source": "webhook"}' AND event.data ? 'ms', NULL
FROM json_array_elements(%(seconds)s::json) AS second
JOIN conversations_interactionevent AS event
  ON event.conversation_id = (second->>0)::bigint AND event.occurred_at >= (second->>1)::timestamptz
    AND event.occurred_at < (second->>1)::timestamptz + interval '1 second'
WHERE event.graph_id IS NOT NULL

-- name: move_events
-- Changes the places of messages within their second.
UPDATE conversations_interactionevent AS event
SET rank = (moved.value->>1)::integer, occurred_at = (moved.value->>2)::timestamptz
FROM json_array_elements(%(moved)s::json) AS moved WHERE event.id = (moved.value->>0)::bigint

-- name: insert_staged
-- Inserts the events of the temporary table in their order, unless they exist.
INSERT INTO conversations_interactionevent ({columns})
SELECT {columns} FROM staged_events ORDER BY ctid
ON CONFLICT (conversation_id, (md5(graph_id)::uuid)) DO NOTHING RETURNING conversation_id, graph_id

-- name: claim_messages
-- Moves messages of a thread from one conversation to another.
UPDATE conversations_interactionevent AS event SET conversation_id = %(owner)s, kind = message->>1, fingerprint = NULL
FROM json_array_elements(%(messages)s::json) AS message
WHERE event.conversation_id = %(source)s
  AND md5(event.graph_id)::uuid = md5(message->>0)::uuid AND event.graph_id = message->>0
RETURNING event.graph_id
