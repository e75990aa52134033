-- name: take
-- The next message to send, for the process with this key. A conversation has one at a time, in the order in which
-- they were written; what nobody has looked for yet is waited for, as it may have been sent.
UPDATE conversations_outgoingmessage SET sender = %(sender)s
WHERE state = 'queued' AND sender IS NULL AND id = (
  SELECT message.id FROM conversations_outgoingmessage AS message
  WHERE message.state = 'queued' AND message.due_at <= %(now)s AND message.sender IS NULL
    AND NOT EXISTS (
      SELECT FROM conversations_outgoingmessage AS other
      WHERE other.conversation_id = message.conversation_id AND other.id <> message.id
        AND ((other.state = 'queued' AND other.sender IS NOT NULL) OR other.state = 'sending'
          OR (other.id < message.id AND other.state = 'queued')
          OR (other.id < message.id AND other.state = 'uncertain' AND other.looked_at IS NULL))
    )
  ORDER BY message.due_at, message.id LIMIT 1
)
RETURNING id

-- name: abandon
-- What dead processes have left: nobody knows what became of a call.
UPDATE conversations_outgoingmessage AS message
SET sender = NULL, state = CASE state WHEN 'sending' THEN 'uncertain' ELSE state END,
  reason = CASE state WHEN 'sending' THEN %(reason)s ELSE reason END
WHERE sender IS NOT NULL AND NOT EXISTS (
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = %(kind)s AND objid::bigint = message.sender
)
RETURNING conversation_id

-- name: overview
-- Whether anything is being sent, is due, or has an unknown fate, and when the next one is due.
SELECT
  EXISTS (SELECT FROM conversations_outgoingmessage WHERE sender IS NOT NULL),
  EXISTS (SELECT FROM conversations_outgoingmessage WHERE state = 'queued' AND due_at <= %(now)s),
  EXISTS (SELECT FROM conversations_outgoingmessage
          WHERE graph_id = '' AND attempted_at IS NOT NULL AND attempted_at > %(since)s),
  (SELECT min(due_at) FROM conversations_outgoingmessage WHERE state = 'queued' AND due_at > %(now)s)
