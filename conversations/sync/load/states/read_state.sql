-- name: save_unread_counts
-- Counts the unread messages of conversations that a user has marked. Each of `news` is the ID of a conversation,
-- whether Facebook's count has risen, and until when all is read there. A stub is no message yet.
WITH marks AS (
  SELECT c.id, c.read_event_id,
    greatest(c.read_until, (news->>2)::timestamptz + interval '1 microsecond') AS read_until,
    (news->>1)::boolean OR news->>2 IS NULL AND c.is_marked_unread AS is_marked_unread
  FROM json_array_elements(%(news)s::json) AS news
  JOIN conversations_conversation AS c ON c.id = (news->>0)::bigint
  WHERE c.read_until IS NOT NULL
), counted AS (
  SELECT marks.*, greatest(is_marked_unread::integer, (
    SELECT count(*) FROM conversations_interactionevent AS e
    WHERE e.conversation_id = marks.id AND e.occurred_at >= marks.read_until AND e.id > marks.read_event_id
      AND e.kind = 'message_received' AND NOT jsonb_exists(e.data, 'stub')
  )) AS unread_count
  FROM marks
)
UPDATE conversations_conversation AS c
SET read_until = counted.read_until, is_marked_unread = counted.is_marked_unread,
  unread_count = counted.unread_count,
  updated_at = CASE WHEN c.unread_count = counted.unread_count THEN c.updated_at ELSE now() END
FROM counted WHERE c.id = counted.id
  AND (c.read_until, c.is_marked_unread, c.unread_count)
    IS DISTINCT FROM (counted.read_until, counted.is_marked_unread, counted.unread_count)
