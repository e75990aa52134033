-- name: events
-- What the statistics of these conversations are computed from, since the oldest slot: messages, and being done.
-- Of a stub, the message has not come yet.
SELECT e.conversation_id, c.page_id, e.kind, floor(extract(epoch FROM e.occurred_at))::bigint
FROM conversations_interactionevent AS e JOIN conversations_conversation AS c ON c.id = e.conversation_id
WHERE e.conversation_id = ANY({ids}::bigint[]) AND e.occurred_at >= {start}
  AND (e.kind IN ('message_received', 'message_sent') AND NOT jsonb_exists(e.data, 'stub')
    OR e.kind = 'status_changed' AND e.data->>'to' = 'done')
ORDER BY e.conversation_id, e.occurred_at, e.rank, e.id

-- name: state_before
-- The kind of the last such event before that time, whether there was a message, and whether it is done now.
SELECT known.id, (
  SELECT e.kind FROM conversations_interactionevent AS e
  WHERE e.conversation_id = known.id AND e.occurred_at < {start}
    AND (e.kind IN ('message_received', 'message_sent') AND NOT jsonb_exists(e.data, 'stub')
      OR e.kind = 'status_changed' AND e.data->>'to' = 'done')
  ORDER BY e.occurred_at DESC, e.rank DESC, e.id DESC LIMIT 1
), EXISTS (
  SELECT FROM conversations_interactionevent AS e
  WHERE e.conversation_id = known.id AND e.occurred_at < {start} AND e.kind IN ('message_received', 'message_sent')
    AND NOT jsonb_exists(e.data, 'stub')
), coalesce((SELECT c.conversation_status = 'done' FROM conversations_conversation AS c WHERE c.id = known.id), false)
FROM unnest({ids}::bigint[]) AS known(id)

-- name: add_to_buckets
INSERT INTO conversations_messagebucket AS stored
  (page_id, slot, received, sent, begun, waiting, unanswered, answered)
SELECT page.id, slot, received, sent, begun, waiting, unanswered, answered FROM
  unnest({pages}::bigint[], {slots}::int[], {received}::int[], {sent}::int[], {begun}::int[], {waiting}::int[],
    {unanswered}::int[], {answered}::int[])
    AS change(page_id, slot, received, sent, begun, waiting, unanswered, answered)
JOIN conversations_page AS page ON page.id = change.page_id ORDER BY 1, 2
ON CONFLICT (page_id, slot) DO UPDATE SET received = stored.received + excluded.received,
  sent = stored.sent + excluded.sent, begun = stored.begun + excluded.begun,
  waiting = stored.waiting + excluded.waiting, unanswered = stored.unanswered + excluded.unanswered,
  answered = stored.answered + excluded.answered
