-- name: size
SELECT count(*), coalesce(sum(c.message_count), 0)::bigint
FROM ({ids}) AS selected JOIN conversations_conversation AS c ON c.id = selected.id

-- name: choose
-- Stores the conversations of an export in the order of the list, in parts.
INSERT INTO conversations_exportpart (export_id, conversation_ids, is_written)
SELECT {export}::bigint, array_agg(id ORDER BY place), false FROM (
  SELECT c.id, row_number() OVER (ORDER BY c.last_message_time DESC NULLS LAST, c.id DESC) - 1 AS place
  FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
) AS numbered
GROUP BY place / {size} ORDER BY place / {size}

-- name: count
SELECT coalesce(sum(cardinality(conversation_ids)), 0)::bigint FROM conversations_exportpart WHERE export_id = {export}

-- name: in_order
-- These conversations in their order, whatever the times of their last messages are now.
SELECT id, -place AS time FROM unnest({ids}::bigint[]) WITH ORDINALITY AS wanted(id, place)
