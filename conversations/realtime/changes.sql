-- name: ids
-- Those of these conversations that exist, each on its Page, as a query of the list.
SELECT c.id, c.last_message_time AS time FROM unnest({pages}::bigint[], {ids}::bigint[]) AS changed(page_id, id)
JOIN conversations_conversation AS c ON (c.id, c.page_id) = (changed.id, changed.page_id)

-- name: unread
-- The number of conversations with unread messages of these Pages.
SELECT page.id, coalesce(sum(counter.conversations), 0)::bigint FROM conversations_page AS page
LEFT JOIN conversations_pagecount AS counter ON counter.page_id = page.id AND counter.facets = ANY({facets}::smallint[])
WHERE page.id = ANY({pages}::bigint[]) GROUP BY 1
