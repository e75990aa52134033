-- name: save_backfills
UPDATE conversations_thread AS thread SET backfill = state.backfill::jsonb
FROM unnest(%(ids)s::bigint[], %(states)s::text[]) AS state(id, backfill) WHERE thread.id = state.id

-- name: count_held
-- Messages of a thread may have been stored before the thread was assigned to its conversation. They are
-- counted once the whole thread was read, if it is the only one of its conversation.
UPDATE conversations_thread AS thread SET held_count = stored.number FROM (
  SELECT conversation_id, count(*) AS number FROM conversations_interactionevent
  WHERE conversation_id = (SELECT conversation_id FROM conversations_thread
                           WHERE id = %(thread)s AND held_count + unreadable_count < message_count)
    AND kind IN ('message_received', 'message_sent', 'message_unknown') GROUP BY 1
) AS stored
WHERE thread.conversation_id = stored.conversation_id AND thread.held_count < stored.number
  AND NOT EXISTS (SELECT FROM conversations_thread AS other
                  WHERE other.conversation_id = thread.conversation_id AND other.id <> thread.id)
