-- name: messages
-- The newest messages of a conversation: kinds and seconds since 1970. Of a stub, the message has not come yet.
SELECT kind, floor(extract(epoch FROM occurred_at))::bigint FROM conversations_interactionevent
WHERE conversation_id = {conversation} AND kind IN ('message_received', 'message_sent') AND NOT jsonb_exists(data, 'stub')
ORDER BY occurred_at DESC, rank DESC, id DESC LIMIT {limit}
