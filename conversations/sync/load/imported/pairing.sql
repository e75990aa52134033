-- name: pair_equal
-- Staged messages that their conversation has: of the same second, side and text, each stored one once. One that is
-- another message of the same thread already is none of these.
WITH wanted AS (
  SELECT message.ctid AS place, message.thread_id, thread.conversation_id, message.kind, message.second, message.hash,
    row_number() OVER (
      PARTITION BY message.thread_id, message.kind, message.second, message.hash
      ORDER BY message.occurred_at, message.event_id
    ) AS number
  FROM archive_messages AS message JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
  WHERE message.thread_id = ANY(%(threads)s) AND NOT message.is_known
), span AS (
  SELECT thread_id, conversation_id, min(second) AS first, max(second) AS last FROM wanted GROUP BY 1, 2
), free AS (
  SELECT span.thread_id, stored.*, row_number() OVER (
    PARTITION BY span.thread_id, stored.kind, stored.second, stored.hash
    ORDER BY stored.occurred_at, stored.rank, stored.id
  ) AS number
  FROM span CROSS JOIN LATERAL (
    SELECT event.id, event.kind, event.occurred_at, event.rank,
      floor(extract(epoch FROM event.occurred_at))::bigint AS second,
      hashtextextended(CASE WHEN event.data ? 'prose' THEN '' ELSE normalize(event.text, NFC) END, 0) AS hash
    FROM conversations_interactionevent AS event
    WHERE event.conversation_id = span.conversation_id AND event.kind IN ('message_received', 'message_sent')
      AND event.occurred_at >= to_timestamp(span.first) AND event.occurred_at < to_timestamp(span.last + 1)
      AND NOT event.data ? 'stub'
  ) AS stored
  WHERE NOT EXISTS (
    SELECT FROM conversations_importedmessage AS own
    WHERE own.thread_id = span.thread_id AND own.event_id = stored.id
  )
)
UPDATE archive_messages AS message SET stored_id = free.id
FROM wanted JOIN free USING (thread_id, kind, second, hash, number)
WHERE message.ctid = wanted.place

-- name: near
-- For the others: stored messages with the same side and text one second apart, and messages of the same second that their
-- sender has taken back, whose text nobody knows any more.
SELECT message.event_id, event.id
FROM archive_messages AS message
JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
JOIN conversations_interactionevent AS event
  ON event.conversation_id = thread.conversation_id AND event.kind = message.kind
    AND event.occurred_at >= to_timestamp(message.second - 1) AND event.occurred_at < to_timestamp(message.second + 2)
WHERE message.thread_id = ANY(%(threads)s) AND NOT message.is_known AND message.stored_id IS NULL
  AND NOT event.data ? 'stub'
  AND CASE WHEN event.data ? 'deleted' THEN floor(extract(epoch FROM event.occurred_at)) = message.second
    ELSE message.hash = hashtextextended(
      CASE WHEN event.data ? 'prose' THEN '' ELSE normalize(event.text, NFC) END, 0) END
  AND NOT EXISTS (SELECT FROM archive_messages AS paired WHERE paired.stored_id = event.id)
  AND NOT EXISTS (
    SELECT FROM conversations_importedmessage AS own
    WHERE own.thread_id = message.thread_id AND own.event_id = event.id
  )
ORDER BY event.data ? 'deleted', message.occurred_at, message.event_id, event.occurred_at, event.rank, event.id

-- name: pair
UPDATE archive_messages AS message SET stored_id = (pair->>1)::bigint
FROM json_array_elements(%(pairs)s::json) AS pair WHERE message.event_id = (pair->>0)::bigint
