-- name: drop_poorer
-- Messages of the conversation that stays of which the other one knows more. A place without content is a stub.
WITH pairs AS (
  SELECT kept.id, kept.graph_id, kept.data AS own, duplicate.data AS other
  FROM conversations_interactionevent AS kept JOIN conversations_interactionevent AS duplicate
    ON duplicate.conversation_id = %(drop)s
      AND md5(duplicate.graph_id)::uuid = md5(kept.graph_id)::uuid AND duplicate.graph_id = kept.graph_id
  WHERE kept.conversation_id = %(keep)s
)
DELETE FROM conversations_interactionevent AS event USING pairs
WHERE event.id = pairs.id
  AND CASE WHEN own ? 'deleted' THEN 2 WHEN own ? 'stub' THEN 0 ELSE 1 END
    < CASE WHEN other ? 'deleted' THEN 2 WHEN other ? 'stub' THEN 0 ELSE 1 END
RETURNING event.graph_id

-- name: drop_duplicates
-- Messages of one conversation that the other one has, too.
DELETE FROM conversations_interactionevent AS duplicate USING conversations_interactionevent AS kept
WHERE duplicate.conversation_id = %(drop)s AND kept.conversation_id = %(keep)s
  AND duplicate.graph_id = kept.graph_id
RETURNING duplicate.graph_id

-- name: clear_history
-- Earlier texts of those of these messages that were taken back.
UPDATE conversations_interactionevent AS event SET data = event.data - 'before'
FROM conversations_interactionevent AS unsent
WHERE unsent.conversation_id = %(keep)s AND unsent.graph_id = ANY(%(ids)s) AND unsent.data ? 'deleted'
  AND event.conversation_id = %(keep)s AND event.kind = 'content_updated'
  AND event.data->>'message' = unsent.graph_id AND event.data ? 'before'

-- name: move_named
-- Messages that name one of these people as the sender or a recipient.
UPDATE conversations_interactionevent AS event SET conversation_id = %(drop)s
FROM conversations_interactionevent AS stored LEFT JOIN conversations_messageheader AS header
  ON header.conversation_id = stored.conversation_id AND header.key = stored.header
WHERE stored.id = event.id AND stored.conversation_id = %(keep)s AND event.kind LIKE 'message_%%'
  AND (coalesce(event.data->'from', header.data->'from')->>'id' = ANY(%(names)s)
       OR jsonb_path_query_array(coalesce(event.data->'to', header.data->'to'), '$.data[*].id') ?| %(names)s)
  AND NOT EXISTS (SELECT FROM conversations_interactionevent AS own
                  WHERE own.conversation_id = %(drop)s
                    AND md5(own.graph_id)::uuid = md5(event.graph_id)::uuid AND own.graph_id = event.graph_id)

-- name: copy_back
WITH copied AS (
  SELECT * FROM conversations_interactionevent WHERE conversation_id = %(keep)s AND graph_id = ANY(%(ids)s)
), headers AS (
  INSERT INTO conversations_messageheader (conversation_id, key, data)
  SELECT %(drop)s, key, data FROM conversations_messageheader
  WHERE conversation_id = %(keep)s AND key IN (SELECT header FROM copied)
  ON CONFLICT DO NOTHING
)
INSERT INTO conversations_interactionevent
  (conversation_id, kind, graph_id, occurred_at, rank, text, attachments, data, header, actor_id)
SELECT %(drop)s, kind, graph_id, occurred_at, rank, text, attachments, data, header, actor_id FROM copied
ON CONFLICT (conversation_id, (md5(graph_id)::uuid)) DO NOTHING
