-- name: free_places
-- Files that Facebook does not give any more, and the archive has.
DELETE FROM conversations_archivedpart AS part USING archive_messages AS message
WHERE part.event_id = message.stored_id AND part.state <> 'kept' AND EXISTS (
  SELECT FROM conversations_archivedpart AS own WHERE own.event_id = message.event_id AND own.state = 'kept'
)

-- name: take_place
-- Messages that are stored in the other conversation as well: what was imported of them are those.
WITH paired AS (
  SELECT event_id, stored_id FROM archive_messages WHERE stored_id IS NOT NULL
), moved AS (
  UPDATE conversations_importedmessage AS message SET event_id = paired.stored_id
  FROM paired WHERE message.thread_id = ANY(%(threads)s) AND message.event_id = paired.event_id
), parts AS (
  UPDATE conversations_archivedpart AS part SET event_id = paired.stored_id
  FROM paired WHERE part.event_id = paired.event_id AND NOT EXISTS (
    SELECT FROM conversations_archivedpart AS own WHERE own.event_id = paired.stored_id
  )
)
DELETE FROM conversations_interactionevent AS event USING paired WHERE event.id = paired.event_id

-- name: leave
-- Messages of imported threads that no other thread has, and that Facebook does not show, leave a conversation.
UPDATE conversations_interactionevent AS event SET conversation_id = %(own)s
WHERE event.conversation_id = %(target)s AND event.graph_id IS NULL AND event.data->>'source' = 'archive'
  AND event.id IN (
    SELECT event_id FROM conversations_importedmessage WHERE thread_id = ANY(%(threads)s)
    EXCEPT
    SELECT message.event_id FROM conversations_importedmessage AS message
    JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
    WHERE thread.conversation_id = %(target)s AND thread.id <> ALL(%(threads)s)
  )

-- name: copy
-- The others stay, and the conversation of the threads gets copies of them.
WITH shared AS (
  SELECT event.*, nextval('conversations_interactionevent_id_seq') AS new_id
  FROM conversations_interactionevent AS event
  WHERE event.conversation_id = %(target)s AND event.id IN (
    SELECT event_id FROM conversations_importedmessage WHERE thread_id = ANY(%(threads)s)
  )
), copied AS (
  INSERT INTO conversations_interactionevent
    (id, conversation_id, kind, occurred_at, rank, text, attachments, data)
  SELECT new_id, %(own)s, kind, occurred_at, rank, text, attachments,
    jsonb_strip_nulls(jsonb_build_object(
      'source', 'archive', 'ms', data->'ms', 'prose', data->'prose', 'deleted', data->'deleted'))
  FROM shared ORDER BY occurred_at, rank, id
)
UPDATE conversations_importedmessage AS message SET event_id = shared.new_id
FROM shared WHERE message.thread_id = ANY(%(threads)s) AND message.event_id = shared.id
