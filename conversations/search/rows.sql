-- name: rows
-- The conversations of a query for id and time, in the order of the list.
WITH ids AS MATERIALIZED ({ids})
SELECT {columns}, ids.time FROM ids
JOIN conversations_conversation AS c ON c.id = ids.id
JOIN conversations_page AS p ON p.id = c.page_id
ORDER BY ids.time DESC NULLS LAST, ids.id DESC

-- name: tags
-- The tags of these conversations.
SELECT t.conversation_id, t.id, tag.id, tag.name, tag.slug, tag.color
FROM conversations_conversationtag AS t JOIN tags_tag AS tag ON tag.id = t.tag_id
WHERE t.conversation_id = ANY({ids}::bigint[])
ORDER BY tag.name, t.id
