-- name: next_checks
SELECT queued.conversation_id FROM conversations_importcheck AS queued
JOIN conversations_conversation AS owner ON owner.id = queued.conversation_id
WHERE owner.page_id = %(page)s ORDER BY 1 LIMIT %(limit)s

-- name: count_held
-- The messages of threads of Instagram with those that only an archive has, if the conversation has no other thread.
UPDATE conversations_thread AS thread SET held_count = stored.number FROM (
  SELECT conversation_id, count(*) AS number FROM conversations_interactionevent
  WHERE conversation_id = ANY(%(ids)s) AND kind IN ('message_received', 'message_sent', 'message_unknown')
  GROUP BY 1
) AS stored
WHERE thread.conversation_id = stored.conversation_id AND thread.platform = 'instagram'
  AND thread.held_count <> stored.number
  AND (%(is_left)s OR EXISTS (
    SELECT FROM conversations_importedthread AS imported WHERE imported.conversation_id = thread.conversation_id
  ))
  AND NOT EXISTS (
    SELECT FROM conversations_thread AS other
    WHERE other.conversation_id = thread.conversation_id AND other.id <> thread.id
  )

-- name: close_gaps
-- Threads of Instagram of which Facebook shows the newest messages alone, and an archive has the others: it reaches from
-- before what we hold into what Facebook has shown without a gap, and with it nothing is missing that Facebook counts.
UPDATE conversations_thread AS thread SET history = 'complete', gap_at = NULL
FROM (
  SELECT thread.id, coalesce(thread.gap_at, shown.oldest) AS border, shown.oldest
  FROM conversations_thread AS thread CROSS JOIN LATERAL (
    SELECT min(event.occurred_at) AS oldest FROM conversations_interactionevent AS event
    WHERE event.conversation_id = thread.conversation_id AND event.graph_id IS NOT NULL
      AND event.kind LIKE 'message\_%%'
  ) AS shown
  WHERE thread.conversation_id = ANY(%(ids)s) AND thread.platform = 'instagram'
    AND thread.history <> 'partial' AND (thread.history = 'truncated' OR thread.gap_at IS NOT NULL)
    AND thread.message_count <= thread.held_count
) AS open
WHERE thread.id = open.id AND EXISTS (
  SELECT FROM conversations_importedthread AS imported
  WHERE imported.conversation_id = thread.conversation_id AND imported.state = 'matched' AND NOT imported.has_gaps
    AND imported.first_at < open.oldest + interval '1 second' AND EXISTS (
      SELECT FROM conversations_importedmessage AS message
      JOIN conversations_interactionevent AS event ON event.id = message.event_id
      WHERE message.thread_id = imported.id AND event.graph_id IS NOT NULL AND event.occurred_at >= open.border
    )
)

-- name: open_gaps
-- Threads of Instagram that were complete with the messages of an archive, which have left the conversation.
UPDATE conversations_thread SET history = 'truncated'
WHERE conversation_id = ANY(%(ids)s) AND platform = 'instagram' AND history = 'complete'
  AND message_count > held_count
