-- name: months_of
-- By month of these conversations: the number of messages that only archives have, and of those that Facebook shows.
SELECT to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, count(*) FILTER (WHERE graph_id IS NULL),
  count(*) FILTER (WHERE graph_id IS NOT NULL)
FROM conversations_interactionevent
WHERE conversation_id = ANY(%(ids)s) AND kind IN ('message_received', 'message_sent', 'message_unknown')
GROUP BY 1

-- name: count_months
-- By month in which an archive has messages that Facebook does not show: the number of these, and of those that it shows.
UPDATE conversations_page SET import_months = coalesce((
  SELECT jsonb_object_agg(month, jsonb_build_array(archived, shown)) FROM (
    SELECT to_char(event.occurred_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
      count(*) FILTER (WHERE event.graph_id IS NULL) AS archived,
      count(*) FILTER (WHERE event.graph_id IS NOT NULL) AS shown
    FROM conversations_conversation AS owner
    JOIN conversations_interactionevent AS event ON event.conversation_id = owner.id
    WHERE owner.page_id = %(page)s AND event.kind IN ('message_received', 'message_sent', 'message_unknown')
    GROUP BY 1
  ) AS counted WHERE archived > 0
), '{}') WHERE id = %(page)s RETURNING import_months::text
