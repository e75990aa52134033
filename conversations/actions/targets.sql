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
-- What an operation changed in these conversations. The form of the comparison keeps PostgreSQL from reading all
-- events of the operation, as the index of `act` would.
SELECT e.* FROM unnest({ids}::bigint[]) AS selected(id)
JOIN conversations_interactionevent AS e ON e.conversation_id = selected.id
WHERE e.occurred_at >= {time}::timestamptz AND e.data->'act' = to_jsonb({operation}::text)
  AND e.kind IN ('tag_added', 'tag_removed', 'status_changed', 'assignee_changed', 'snoozed', 'snooze_ended')
