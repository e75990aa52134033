-- name: members
-- Users who may act on these Pages, by name.
SELECT u.id, u.username FROM auth_user AS u
WHERE u.is_active AND ({users}::bigint[] IS NULL OR u.id = ANY({users}::bigint[])) AND (u.is_superuser OR EXISTS (
  SELECT FROM conversations_pagemember AS member
  WHERE member.user_id = u.id AND member.page_id = ANY({pages}::bigint[]) AND member.role = ANY({roles}::text[])
))
ORDER BY u.username LIMIT {limit}

-- name: closed
-- How many conversations these users have set to done since then, that are still done.
SELECT e.actor_id, count(DISTINCT c.id) FROM conversations_interactionevent AS e
JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.actor_id = ANY({users}::bigint[]) AND e.occurred_at >= {since} AND e.kind = 'status_changed'
  AND e.data->>'to' = 'done' AND c.conversation_status = 'done' AND c.page_id = ANY({pages}::bigint[])
GROUP BY 1

-- name: open
-- How many open conversations are assigned to these users.
SELECT assignee_id, count(*) FROM conversations_conversation
WHERE assignee_id = ANY({users}::bigint[]) AND conversation_status = 'active' AND page_id = ANY({pages}::bigint[])
GROUP BY 1

-- name: replies
-- The reply times in the newest conversations that are assigned to each of these users.
SELECT assigned.assignee_id, stats.asked, stats.seconds
FROM unnest({users}::bigint[]) AS one(id) CROSS JOIN LATERAL (
  SELECT c.id, c.assignee_id FROM conversations_conversation AS c
  WHERE c.assignee_id = one.id AND c.page_id = ANY({pages}::bigint[])
  ORDER BY c.last_message_time DESC NULLS LAST, c.id DESC LIMIT {limit}
) AS assigned JOIN conversations_conversationstats AS stats ON stats.conversation_id = assigned.id
WHERE stats.seconds <> ''

-- name: acts
-- What a user did on a Page, newest first, among the newest acts of this user.
SELECT e.id, c.id, coalesce(nullif(c.sender_name, ''), c.sender_id), e.kind, e.occurred_at,
  coalesce(e.data->>'name', ''), coalesce(e.data->>'to_name', e.data->>'to', '')
FROM (
  SELECT id, conversation_id, kind, occurred_at, data FROM conversations_interactionevent
  WHERE actor_id = {user} ORDER BY occurred_at DESC, id DESC LIMIT {examined}
) AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE c.page_id = {page} ORDER BY e.occurred_at DESC, e.id DESC LIMIT {limit}

-- name: acts_before
-- The same before one of them.
SELECT e.id, c.id, coalesce(nullif(c.sender_name, ''), c.sender_id), e.kind, e.occurred_at,
  coalesce(e.data->>'name', ''), coalesce(e.data->>'to_name', e.data->>'to', '')
FROM (
  SELECT id, conversation_id, kind, occurred_at, data FROM conversations_interactionevent
  WHERE actor_id = {user} AND (occurred_at, id) < (
    SELECT start.occurred_at, start.id FROM conversations_interactionevent AS start
    WHERE start.id = {before} AND start.actor_id = {user}
  )
  ORDER BY occurred_at DESC, id DESC LIMIT {examined}
) AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE c.page_id = {page} ORDER BY e.occurred_at DESC, e.id DESC LIMIT {limit}
