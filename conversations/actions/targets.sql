-- name: by_id
SELECT c.id FROM conversations_conversation AS c WHERE c.id = ANY({ids}::bigint[])

-- name: by_operation
-- The conversations that an operation changed.
SELECT DISTINCT e.conversation_id AS id FROM conversations_interactionevent AS e
WHERE e.data->>'act' = {operation} AND e.kind IN ('tag_added', 'tag_removed', 'status_changed', 'assignee_changed', 'snoozed', 'snooze_ended')

-- name: pages_of
-- The Pages of conversations that a query selects.
SELECT DISTINCT c.page_id FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)

-- name: has_page
-- Whether any of the selected conversations belongs to the Page.
SELECT EXISTS (
  SELECT FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id) WHERE c.page_id = {page_id}
)

-- name: events_of_operation
-- What an operation changed.
SELECT e.* FROM conversations_interactionevent AS e
WHERE e.data->>'act' = {operation} AND e.kind IN ('tag_added', 'tag_removed', 'status_changed', 'assignee_changed', 'snoozed', 'snooze_ended')

-- name: events_of_operation_in
-- What an operation changed in these conversations, from each of them to its events (LATERAL, which OFFSET keeps):
-- PostgreSQL does not know yet how many events the operation has, and would read all of them by the index of `act`.
SELECT e.* FROM unnest({ids}::bigint[]) AS selected(id)
CROSS JOIN LATERAL (
  SELECT * FROM conversations_interactionevent AS own
  WHERE own.conversation_id = selected.id AND own.occurred_at >= {time}::timestamptz OFFSET 0
) AS e
WHERE e.data->'act' = to_jsonb({operation}::text)
  AND e.kind IN ('tag_added', 'tag_removed', 'status_changed', 'assignee_changed', 'snoozed', 'snooze_ended')

-- name: count_kinds
-- How many events a query selects of each kind.
SELECT kind, count(*) FROM ({}) AS selected GROUP BY kind
