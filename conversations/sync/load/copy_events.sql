-- name: stored_messages
-- Which pairs of conversation and message ID are stored. A join of pairs: two IN lists would search the index for each
-- combination. As JSON, because the driver takes longer to write an array of texts than the server to look them up.
SELECT event.conversation_id, event.graph_id FROM json_array_elements(%(pairs)s::json) AS pair
JOIN conversations_interactionevent AS event
  ON event.conversation_id = (pair->>0)::bigint AND event.graph_id = pair->>1

-- name: insert_staged
-- Inserts the events of the temporary table in their order, unless they exist.
INSERT INTO conversations_interactionevent ({columns})
SELECT {columns} FROM staged_events ORDER BY ctid
ON CONFLICT (conversation_id, graph_id) DO NOTHING RETURNING conversation_id, graph_id

-- name: claim_messages
-- Moves messages of a thread from one conversation to another.
UPDATE conversations_interactionevent AS event SET conversation_id = %(owner)s, kind = message->>1
FROM json_array_elements(%(messages)s::json) AS message
WHERE event.conversation_id = %(source)s AND event.graph_id = message->>0
RETURNING event.graph_id
