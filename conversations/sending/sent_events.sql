-- name: set_author
UPDATE conversations_interactionevent SET actor_id = %(author)s
WHERE conversation_id = %(conversation)s AND md5(graph_id)::uuid = md5(%(graph_id)s)::uuid
  AND graph_id = %(graph_id)s AND actor_id IS NULL
