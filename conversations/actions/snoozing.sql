-- name: change_snooze
-- Sets until when open conversations are snoozed where it differs, with an event for each. Null: not snoozed.
-- `times` is a query for pairs of id and time.
WITH requested AS MATERIALIZED ({times}), before AS MATERIALIZED (
  SELECT c.id, c.snoozed_until AS until, requested.until AS new_until
  FROM requested JOIN conversations_conversation AS c ON c.id = requested.id
  WHERE c.snoozed_until IS DISTINCT FROM requested.until
    AND (requested.until IS NULL OR c.conversation_status = 'active')
), changed AS (
  UPDATE conversations_conversation AS c
  SET snoozed_until = before.new_until, updated_at = {now}::timestamptz
  FROM before WHERE c.id = before.id
), events AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT id, CASE WHEN new_until IS NULL THEN 'snooze_ended' ELSE 'snoozed' END, {now}::timestamptz, '', '[]'::jsonb,
    jsonb_build_object(
      'from', to_char(until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'until', to_char(coalesce(new_until, until) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
      'act', {operation}::text), {actor}::bigint
  FROM before ORDER BY id
)
SELECT id FROM before

-- name: undoable
-- The changes of an operation that can be undone: nothing has snoozed or woken the conversation since. A time that has
-- passed means that it is not snoozed. `events` is a query for the events of the operation.
SELECT c.id, CASE WHEN (e.data->>'from')::timestamptz > {now}::timestamptz AND c.conversation_status = 'active'
  THEN (e.data->>'from')::timestamptz END AS until
FROM ({events}) AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.kind IN ('snoozed', 'snooze_ended')
AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at
    AND later.id > e.id AND later.kind IN ('snoozed', 'snooze_ended')
)

-- name: with_time
-- The conversations of an action, each with the time until which it is snoozed.
SELECT selected.id, {until}::timestamptz AS until FROM ({ids}) AS selected

-- name: unchanged_since
-- Of the times that conversations get, those of conversations that nobody has snoozed or woken while the operation was
-- in progress. A message of the customer that came meanwhile is a reason not to snooze.
-- Counted for the reason in tagging.sql.
SELECT id, until FROM ({times}) AS requested WHERE (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = requested.id AND later.occurred_at >= {time}::timestamptz AND later.id + 0 > {event}
    AND coalesce(later.data->>'act', '') <> ALL({earlier}::text[])
    AND (later.kind IN ('snoozed', 'snooze_ended') OR later.kind = 'message_received' AND requested.until IS NOT NULL)
) = 0

-- name: count_others
-- How many conversations of an action would change.
SELECT count(*) FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
WHERE c.snoozed_until IS DISTINCT FROM {until}::timestamptz
  AND ({until}::timestamptz IS NULL OR c.conversation_status = 'active')
