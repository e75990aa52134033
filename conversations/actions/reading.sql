-- name: mark
-- Marks conversations so that `count` messages are unread: none or one. Returns those that are written, and whether
-- their count changed. All messages that are stored now are older than the mark, and so are those that come later but
-- were written before the newest of these. A time in the future would hide messages until then. Now is after the lock
-- of the Page, with which this is sent.
WITH moment AS MATERIALIZED (
  SELECT clock_timestamp() AS now
), newest AS MATERIALIZED (
  SELECT coalesce(max(id), 0) AS id FROM conversations_interactionevent
), before AS MATERIALIZED (
  SELECT c.id, c.unread_count,
    least(coalesce(c.last_message_time, timestamptz '1970-01-01Z'), moment.now) AS read_until
  FROM moment CROSS JOIN ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
)
UPDATE conversations_conversation AS c
SET read_until = greatest(c.read_until, before.read_until), read_event_id = newest.id,
  is_marked_unread = {count} > 0, unread_count = {count},
  updated_at = CASE WHEN before.unread_count = {count} THEN c.updated_at ELSE moment.now END
FROM moment, before, newest
WHERE c.id = before.id AND (c.read_until, c.is_marked_unread, c.unread_count)
  IS DISTINCT FROM (greatest(c.read_until, before.read_until), {count} > 0, {count}::bigint)
RETURNING c.id, before.unread_count <> {count}

-- name: count_others
-- How many conversations of an action have another number of unread messages.
SELECT count(*) FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
WHERE c.unread_count <> {count}
