-- name: save_chunks
-- Stores the conversations of an operation, Page by Page, in chunks. They are looked up in the order in which most stand in
-- the table: a million in any other order read its pages again and again.
INSERT INTO conversations_operationchunk (operation_id, page_id, conversation_ids)
SELECT {operation}::bigint, page_id, array_agg(id ORDER BY id) FROM (
  SELECT c.id, c.page_id, (row_number() OVER (PARTITION BY c.page_id ORDER BY c.id) - 1) / {size} AS chunk
  FROM (SELECT id FROM ({ids}) AS found ORDER BY id) AS selected JOIN conversations_conversation AS c USING (id)
) AS numbered
GROUP BY page_id, chunk ORDER BY page_id, chunk

-- name: sum_chunks
SELECT coalesce(array_agg(DISTINCT page_id), ARRAY[]::bigint[]), coalesce(sum(cardinality(conversation_ids)), 0)::bigint
FROM conversations_operationchunk WHERE operation_id = {operation}

-- name: newest_event
SELECT coalesce(max(id), 0) FROM conversations_interactionevent

-- name: first_event_time
-- When the operation made its first change.
SELECT min(occurred_at) FROM conversations_interactionevent
WHERE data->>'act' = {operation} AND kind IN ('tag_added', 'tag_removed', 'status_changed', 'assignee_changed', 'snoozed', 'snooze_ended')
