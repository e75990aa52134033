-- name: messages
-- How many messages of each kind a conversation has, and from when. Of a stub, the message has not come yet.
SELECT kind, count(*), min(occurred_at), max(occurred_at) FROM conversations_interactionevent
WHERE conversation_id = {conversation} AND starts_with(kind, 'message_') AND NOT jsonb_exists(data, 'stub')
GROUP BY kind
