-- name: mentions_in
-- Whether a note in the conversation `id` mentions the user.
EXISTS (
  SELECT FROM conversations_interactionevent AS e
  WHERE e.conversation_id = {id} AND e.kind = 'note_added' AND e.data->'mentions' @> {mention}
)

-- name: note_in
-- Whether the conversation `id` has a note.
EXISTS (
  SELECT FROM conversations_interactionevent AS e WHERE e.conversation_id = {id} AND e.kind = 'note_added'
)
