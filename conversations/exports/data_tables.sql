-- name: months
-- The rows of each month, and a sum that changes with each version of a row.
SELECT month, count(*), sum(hashtextextended(version, id))::text FROM ({source}) AS source GROUP BY month

-- name: rows
SELECT month, {columns} FROM ({source}) AS source WHERE month = ANY({months}::text[]) ORDER BY month, id

-- `version` of a row is another text when its columns have changed: `xmin`, the transaction that wrote the row last, where
-- hardly anything else of the row changes, and otherwise the columns.

-- name: pages
SELECT '' AS month, row(p.name, p.platforms, p.instagram_account_id, p.instagram_username, p.state,
    p.last_synced_at AT TIME ZONE 'UTC', p.last_full_sync_at AT TIME ZONE 'UTC')::text AS version,
  p.id, p.facebook_page_id AS page_id, p.name, ARRAY(SELECT jsonb_array_elements_text(p.platforms)) AS platforms,
  p.instagram_account_id, p.instagram_username, p.state, p.last_synced_at, p.last_full_sync_at, p.created_at
FROM conversations_page AS p WHERE p.id = ANY({pages}::bigint[])

-- name: tags
-- All Pages share them.
SELECT '' AS month, row(name, slug, color)::text AS version, id, name, slug, color FROM tags_tag

-- name: conversations
SELECT coalesce(to_char(c.last_message_time AT TIME ZONE 'UTC', 'YYYY-MM'), 'unknown') AS month,
  concat_ws('/', c.xmin, u.username) AS version,
  c.id, p.facebook_page_id AS page_id, c.platform, c.sender_id, c.sender_name, c.graph_id, c.conversation_status,
  c.last_message, c.last_message_time,
  CASE c.last_message_kind WHEN 'message_received' THEN 'customer' WHEN 'message_sent' THEN 'page' END AS last_message_from,
  c.message_count, c.unread_count, c.can_reply, u.username AS assignee, c.snoozed_until, c.ad_id,
  c.referral::text AS referral, c.seen_until, c.delivered_until, c.created_at, c.updated_at
FROM conversations_conversation AS c JOIN conversations_page AS p ON p.id = c.page_id
LEFT JOIN auth_user AS u ON u.id = c.assignee_id
WHERE c.page_id = ANY({pages}::bigint[])

-- name: conversation_tags
SELECT to_char(t.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
  concat_ws('/', t.conversation_id, t.tag_id, t.created_at AT TIME ZONE 'UTC', u.username) AS version,
  t.id, t.conversation_id, p.facebook_page_id AS page_id, t.tag_id, u.username AS actor, t.created_at
FROM conversations_conversationtag AS t JOIN conversations_page AS p ON p.id = t.page_id
LEFT JOIN auth_user AS u ON u.id = t.actor_id
WHERE t.page_id = ANY({pages}::bigint[])

-- name: messages
-- `data` with what the header holds, as InteractionEvent.full_data. Of a stub, the message itself has not come yet.
SELECT to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, e.xmin::text AS version,
  e.id, e.conversation_id, p.facebook_page_id AS page_id, e.kind, e.occurred_at, e.text, e.attachments::text AS attachments,
  (CASE WHEN e.header IS NULL THEN e.data ELSE coalesce((
    SELECT h.data FROM conversations_messageheader AS h WHERE h.conversation_id = e.conversation_id AND h.key = e.header
  ), '{{}}') || jsonb_build_object(
    'created_time', to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+0000"')) || e.data END)::text AS data,
  e.graph_id
FROM conversations_interactionevent AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
JOIN conversations_page AS p ON p.id = c.page_id
WHERE c.page_id = ANY({pages}::bigint[]) AND starts_with(e.kind, 'message_') AND NOT jsonb_exists(e.data, 'stub')

-- name: events
-- What staff did, and what Facebook told that is no message.
SELECT to_char(e.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, concat_ws('/', e.xmin, u.username) AS version,
  e.id, e.conversation_id, p.facebook_page_id AS page_id, e.kind, e.occurred_at, e.text, e.data::text AS data,
  u.username AS actor
FROM conversations_interactionevent AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
JOIN conversations_page AS p ON p.id = c.page_id LEFT JOIN auth_user AS u ON u.id = e.actor_id
WHERE c.page_id = ANY({pages}::bigint[]) AND NOT starts_with(e.kind, 'message_')

-- name: sync_runs
SELECT to_char(r.created_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, r.xmin::text AS version,
  r.id, p.facebook_page_id AS page_id, r.mode, r.trigger, r.status, r.error, r.inserted, r.updated, r.unchanged, r.skipped,
  r.owed, r.total, r.events_created, r.requests, r.created_at, r.started_at, r.ended_at
FROM conversations_syncrun AS r JOIN conversations_page AS p ON p.id = r.page_id
WHERE r.page_id = ANY({pages}::bigint[])
