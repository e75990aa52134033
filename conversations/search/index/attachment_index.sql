-- name: with_attachments
-- The messages of these conversations that may have an attachment.
SELECT e.conversation_id, e.attachments, e.data
FROM conversations_interactionevent AS e
WHERE e.conversation_id = ANY({ids}::bigint[]) AND e.kind IN ('message_received', 'message_sent', 'message_unknown')
  AND (e.attachments <> '[]' OR e.data->'sticker' IS NOT NULL OR e.data->'story' IS NOT NULL)

-- name: set_kinds
-- Writes the kinds that have changed, and tells of each whether it was written. A row that somebody else is writing is
-- left: whoever waits for one while holding another can wait for ever.
WITH changed AS MATERIALIZED (
  SELECT c.id, c.page_id, known.kinds FROM unnest({ids}::bigint[], {kinds}::smallint[]) AS known(id, kinds)
  JOIN conversations_conversation AS c ON c.id = known.id WHERE c.attachment_kinds <> known.kinds
), free AS MATERIALIZED (
  SELECT c.id FROM conversations_conversation AS c WHERE c.id IN (SELECT id FROM changed) FOR NO KEY UPDATE SKIP LOCKED
), written AS (
  UPDATE conversations_conversation AS c SET attachment_kinds = changed.kinds
  FROM changed WHERE c.id = changed.id AND c.id IN (SELECT id FROM free) RETURNING c.id
)
SELECT changed.id, changed.page_id, written.id IS NOT NULL FROM changed LEFT JOIN written ON written.id = changed.id
