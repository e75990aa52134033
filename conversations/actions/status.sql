-- name: change_status
-- Sets the status of conversations where it differs, with an event for each. What is done is not snoozed.
-- `statuses` is a query for pairs of id and new status.
WITH requested AS MATERIALIZED ({statuses}), before AS MATERIALIZED (
  SELECT c.id, c.conversation_status AS status, requested.status AS new_status, c.snoozed_until
  FROM requested JOIN conversations_conversation AS c ON c.id = requested.id
  WHERE c.conversation_status <> requested.status
), changed AS (
  UPDATE conversations_conversation AS c
  SET conversation_status = before.new_status, updated_at = {now}::timestamptz,
    snoozed_until = CASE WHEN before.new_status = 'active' THEN c.snoozed_until END
  FROM before WHERE c.id = before.id
), woken AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT id, 'snooze_ended', {now}::timestamptz, '', '[]'::jsonb, jsonb_build_object(
    'from', to_char(snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'until', to_char(snoozed_until AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
    'act', {operation}::text), {actor}::bigint
  FROM before WHERE snoozed_until IS NOT NULL AND new_status = 'done' ORDER BY id
), events AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT id, 'status_changed', {now}::timestamptz, '', '[]'::jsonb,
    jsonb_build_object('from', status, 'to', new_status, 'act', {operation}::text), {actor}::bigint
  FROM before ORDER BY id
)
SELECT id FROM before

-- name: undoable
-- The changes of an operation that can be undone: nobody has set the status since, and the customer has not
-- reopened the conversation.
-- `events` is a query for the events of the operation.
SELECT c.id, e.data->>'from' AS status FROM ({events}) AS e
JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.kind = 'status_changed' AND c.conversation_status = e.data->>'to'
AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at
    AND later.id > e.id AND later.kind = 'status_changed'
)

-- name: with_status
-- The conversations of an action, each with the status that it gets.
SELECT selected.id, {status}::text AS status FROM ({ids}) AS selected

-- name: unchanged_since
-- Of the statuses that conversations get, those of conversations whose status nobody has set while the operation
-- was in progress. A message of the customer that a sync brought meanwhile keeps a conversation open.
-- Counted for the reason in tagging.sql.
SELECT id, status FROM ({statuses}) AS requested WHERE (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = requested.id AND later.occurred_at >= {time}::timestamptz AND later.id + 0 > {event}
    AND coalesce(later.data->>'act', '') <> ALL({earlier}::text[])
    AND (later.kind = 'status_changed' OR later.kind = 'message_received' AND requested.status = 'done')
) = 0

-- name: count_others
-- How many conversations of an action have another status.
SELECT count(*) FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
WHERE c.conversation_status <> {status}
