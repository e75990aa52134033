-- name: change_assignee
-- Sets the assignee of conversations where it differs, with an event for each, which also has the names.
-- `assignees` is a query for pairs of id and new assignee.
WITH requested AS MATERIALIZED ({assignees}), before AS MATERIALIZED (
  SELECT c.id, c.assignee_id AS assignee, requested.assignee AS new_assignee
  FROM requested JOIN conversations_conversation AS c ON c.id = requested.id
  WHERE c.assignee_id IS DISTINCT FROM requested.assignee
), changed AS (
  UPDATE conversations_conversation AS c
  SET assignee_id = before.new_assignee, updated_at = {now}::timestamptz
  FROM before WHERE c.id = before.id
), events AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT before.id, 'assignee_changed', {now}::timestamptz, '', '[]'::jsonb,
    jsonb_build_object('from', assignee, 'to', new_assignee, 'from_name', former.username, 'to_name', next.username,
                       'act', {operation}::text), {actor}::bigint
  FROM before LEFT JOIN auth_user AS former ON former.id = assignee LEFT JOIN auth_user AS next ON next.id = new_assignee
  ORDER BY before.id
)
SELECT id FROM before

-- name: undoable
-- The changes of an operation that can be undone: nobody has assigned the conversation since, and the former assignee
-- is still there. `events` is a query for the events of the operation.
SELECT c.id, (e.data->>'from')::bigint AS assignee FROM ({events}) AS e
JOIN conversations_conversation AS c ON c.id = e.conversation_id
LEFT JOIN auth_user AS former ON former.id = (e.data->>'from')::bigint AND former.is_active
WHERE e.kind = 'assignee_changed' AND c.assignee_id IS NOT DISTINCT FROM (e.data->>'to')::bigint
AND (e.data->>'from' IS NULL OR former.id IS NOT NULL)
AND NOT EXISTS (
  SELECT FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at
    AND later.id > e.id AND later.kind = 'assignee_changed'
)

-- name: with_assignee
-- The conversations of an action, each with the assignee that it gets.
SELECT selected.id, {assignee}::bigint AS assignee FROM ({ids}) AS selected

-- name: unchanged_since
-- Of the assignees that conversations get, those of conversations that nobody has assigned while the operation was in
-- progress.
-- Counted for the reason in tagging.sql.
SELECT id, assignee FROM ({assignees}) AS requested WHERE (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = requested.id AND later.occurred_at >= {time}::timestamptz AND later.id + 0 > {event}
    AND coalesce(later.data->>'act', '') <> ALL({earlier}::text[]) AND later.kind = 'assignee_changed'
) = 0

-- name: count_others
-- How many conversations of an action have another assignee.
SELECT count(*) FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)
WHERE c.assignee_id IS DISTINCT FROM {assignee}::bigint
