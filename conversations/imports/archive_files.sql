-- name: wanted
-- Attachments of events whose files are not kept yet. Each item is an event and the number of the attachment.
SELECT event.id, (item->>1)::integer FROM json_array_elements(%(items)s::json) AS item
JOIN conversations_interactionevent AS event ON event.id = (item->>0)::bigint
WHERE NOT event.data ? 'deleted' AND jsonb_array_length(event.attachments) > (item->>1)::integer
  AND NOT EXISTS (
    SELECT FROM conversations_archivedpart AS part
    WHERE part.event_id = event.id AND part.index = (item->>1)::integer AND part.part = 'content'
      AND part.state = 'kept'
  )
ORDER BY 1, 2

-- name: mark_kept
-- Of a message that only an archive has, no link leads to the file.
UPDATE conversations_interactionevent AS event
SET attachments = jsonb_set(event.attachments, ARRAY[%(index)s::text, 'kept'], 'true')
WHERE event.id = %(event)s AND event.graph_id IS NULL
