-- name: rows
-- The conversations of a query for id and time, in the order of the list.
WITH ids AS MATERIALIZED ({ids})
SELECT {columns} FROM ids
JOIN conversations_conversation AS c ON c.id = ids.id
JOIN conversations_page AS p ON p.id = c.page_id
LEFT JOIN auth_user AS assignee ON assignee.id = c.assignee_id
ORDER BY ids.time DESC NULLS LAST, ids.id DESC

-- name: whole_rows
-- The conversations of a query for all their columns and time, in the order of the list.
SELECT {columns} FROM ({rows}) AS c
JOIN conversations_page AS p ON p.id = c.page_id
LEFT JOIN auth_user AS assignee ON assignee.id = c.assignee_id
ORDER BY c.time DESC NULLS LAST, c.id DESC

-- name: time
-- A time in UTC as ISO 8601; microseconds only where there are some.
replace(to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')

-- name: last_message_from
CASE c.last_message_kind WHEN 'message_received' THEN 'customer' WHEN 'message_sent' THEN 'page' END

-- name: tags
-- The tags of these conversations, each tag once, with the rows of its conversations.
SELECT tag.id, tag.name, tag.slug, tag.color, tagged.ids, tagged.conversation_ids
FROM (
  SELECT t.tag_id, array_agg(t.id) AS ids, array_agg(t.conversation_id) AS conversation_ids
  FROM conversations_conversationtag AS t WHERE t.conversation_id = ANY({ids}::bigint[]) GROUP BY 1
) AS tagged
JOIN tags_tag AS tag ON tag.id = tagged.tag_id
ORDER BY tag.sort_key, tag.id
