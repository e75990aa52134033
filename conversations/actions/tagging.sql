-- name: change_tags
-- Removes tags from conversations and adds tags, with an event for each change.
-- `pairs_to_remove` and `pairs_to_add` are queries for pairs of conversation_id and tag_id. The time is that after the lock
-- of the Page, with which this may be sent: of two changes of a tag, the later one has the later time.
WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS now),
to_remove AS MATERIALIZED ({pairs_to_remove}), to_add AS MATERIALIZED ({pairs_to_add}),
removed AS (
  DELETE FROM conversations_conversationtag AS old USING to_remove
  WHERE (old.conversation_id, old.tag_id) = (to_remove.conversation_id, to_remove.tag_id)
  RETURNING old.conversation_id, old.tag_id
), added AS (
  INSERT INTO conversations_conversationtag
    (conversation_id, tag_id, page_id, last_message_time, actor_id, created_at, act)
  SELECT c.id, to_add.tag_id, c.page_id, c.last_message_time, {actor}::bigint, moment.now, {operation}::uuid
  FROM moment CROSS JOIN to_add JOIN conversations_conversation AS c ON c.id = to_add.conversation_id
  ORDER BY c.id, to_add.tag_id
  ON CONFLICT (conversation_id, tag_id) DO NOTHING
  RETURNING conversation_id, tag_id
), changes AS (
  SELECT conversation_id, tag_id, 'tag_removed' AS kind FROM removed
  UNION ALL SELECT conversation_id, tag_id, 'tag_added' FROM added
), events AS (
  INSERT INTO conversations_interactionevent
    (conversation_id, kind, occurred_at, text, attachments, data, actor_id)
  SELECT changes.conversation_id, changes.kind, moment.now, '', '[]'::jsonb,
    jsonb_build_object('id', tag.id, 'name', tag.name, 'act', {operation}::text), {actor}::bigint
  FROM moment CROSS JOIN changes JOIN tags_tag AS tag ON tag.id = changes.tag_id
  ORDER BY changes.conversation_id, changes.kind DESC, tag.id
)
SELECT DISTINCT conversation_id FROM changes

-- name: import_tags
-- Adds tags that another application has assigned, since when it had them, each with an event.
WITH to_add AS MATERIALIZED (
  SELECT DISTINCT ON (conversation_id, tag_id) conversation_id, tag_id, legacy_id, created_at FROM ({pairs}) AS pairs
  ORDER BY conversation_id, tag_id, created_at, legacy_id
), added AS (
  INSERT INTO conversations_conversationtag
    (conversation_id, tag_id, page_id, last_message_time, created_at, act)
  SELECT c.id, to_add.tag_id, c.page_id, c.last_message_time, to_add.created_at, {operation}::uuid
  FROM to_add JOIN conversations_conversation AS c ON c.id = to_add.conversation_id
  ORDER BY c.id, to_add.tag_id
  ON CONFLICT (conversation_id, tag_id) DO NOTHING
  RETURNING conversation_id, tag_id
), events AS (
  INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
  SELECT conversation_id, 'tag_added', to_add.created_at, '', '[]'::jsonb, jsonb_build_object(
    'id', tag.id, 'name', tag.name, 'act', {operation}::text, 'legacy_id', to_add.legacy_id)
  FROM added JOIN to_add USING (conversation_id, tag_id) JOIN tags_tag AS tag ON tag.id = tag_id
  WHERE to_add.created_at >= coalesce({since}::timestamptz, '-infinity')
  ORDER BY conversation_id, tag.id
)
SELECT count(*) FROM added

-- name: no_pairs
SELECT NULL::bigint AS conversation_id, NULL::bigint AS tag_id WHERE false

-- name: all_pairs
-- Each conversation with each of these tags.
SELECT selected.id AS conversation_id, tag.id AS tag_id FROM ({ids}) AS selected
CROSS JOIN unnest({tag_ids}::bigint[]) AS tag(id)

-- name: pairs_with_tags
-- The tags on the conversations that are among these.
SELECT x.conversation_id, x.tag_id FROM conversations_conversationtag AS x
JOIN ({ids}) AS selected ON selected.id = x.conversation_id WHERE x.tag_id = ANY({tag_ids}::bigint[])

-- name: pairs_with_other_tags
-- The tags on the conversations that are not among these.
SELECT x.conversation_id, x.tag_id FROM conversations_conversationtag AS x
JOIN ({ids}) AS selected ON selected.id = x.conversation_id WHERE x.tag_id <> ALL({tag_ids}::bigint[])

-- name: count_changes
-- How many conversations would change.
SELECT count(DISTINCT conversation_id) FROM (
  SELECT conversation_id FROM ({pairs_to_add}) AS to_add WHERE NOT EXISTS (
    SELECT FROM conversations_conversationtag AS x
    WHERE (x.conversation_id, x.tag_id) = (to_add.conversation_id, to_add.tag_id)
  )
  UNION ALL SELECT conversation_id FROM ({pairs_to_remove}) AS to_remove
) AS changes

-- name: pairs_unchanged_since
-- The pairs of which nobody has added or removed the tag while the operation was in progress.
-- It is counted for each pair, by the index of its conversation: by statistics that do not know the newest events,
-- PostgreSQL would read all that the operation has written so far for each slice.
SELECT conversation_id, tag_id FROM ({pairs}) AS pairs WHERE (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = pairs.conversation_id AND later.occurred_at >= {time}::timestamptz
    AND later.id + 0 > {event} AND starts_with(later.kind, 'tag_')
    AND coalesce(later.data->>'act', '') <> ALL({earlier}::text[]) AND (later.data->>'id')::bigint = pairs.tag_id
) = 0

-- name: undoable
-- The changes of an operation that can be undone: the tag exists, and nobody has added or removed it since.
-- `events` is a query for the events of the operation.
SELECT e.conversation_id, (e.data->>'id')::bigint AS tag_id, e.kind
FROM ({events}) AS e JOIN tags_tag AS tag ON tag.id = (e.data->>'id')::bigint
WHERE e.kind IN ('tag_added', 'tag_removed') AND (
  SELECT count(*) FROM conversations_interactionevent AS later
  WHERE later.conversation_id = e.conversation_id AND later.occurred_at >= e.occurred_at AND later.id > e.id
    AND starts_with(later.kind, 'tag_') AND later.data->'id' = e.data->'id'
) = 0

-- name: pairs_of_kind
-- The pairs of conversation and tag of those changes that are of one kind.
SELECT conversation_id, tag_id FROM ({changes}) AS changes WHERE kind = {kind}

-- name: pages_with_tag
-- The Pages of which a conversation has the tag or once had it, by the counters, which go with the tag.
SELECT page_id FROM conversations_tagcount WHERE tag_id = {tag}
