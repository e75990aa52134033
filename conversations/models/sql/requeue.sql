-- Queues all conversations for the message index and the insights, including those that are deleted: while a trigger
-- was missing, nobody queued what changed.

DELETE FROM conversations_messageindexchunk AS chunk
WHERE NOT EXISTS (SELECT FROM conversations_conversation AS row WHERE row.id = chunk.conversation_id);

INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
SELECT id, true FROM conversations_conversation
UNION SELECT conversation_id, true FROM conversations_conversationstats;
