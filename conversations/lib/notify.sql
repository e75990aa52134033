-- name: notify_by_page
-- One notification for each Page that has some of the conversations.
SELECT pg_notify(%(channel)s, page_id || ':' || string_agg(id::text, ',')) FROM conversations_conversation
WHERE id = ANY(%(conversations)s::bigint[]) GROUP BY page_id
