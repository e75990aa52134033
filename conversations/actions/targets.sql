-- name: by_id
SELECT c.id FROM conversations_conversation AS c WHERE c.id = ANY({ids}::bigint[])

-- name: by_operation
-- The conversations that an operation changed.
SELECT DISTINCT e.conversation_id AS id FROM conversations_interactionevent AS e
WHERE e.data->>'act' = {operation} AND e.kind IN ('tag_added', 'tag_removed', 'status_changed')

-- name: pages_of
-- The Pages of conversations that a query selects.
SELECT DISTINCT c.page_id FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id)

-- name: has_page
-- Whether any of the selected conversations belongs to the Page.
SELECT EXISTS (
  SELECT FROM ({ids}) AS selected JOIN conversations_conversation AS c USING (id) WHERE c.page_id = {page_id}
)
