-- name: undecided_threads
-- The imported threads of a Page that have a proof in common with one of these conversations, and that are in one that
-- only archives know.
SELECT DISTINCT thread.id
FROM conversations_interactionevent AS event
CROSS JOIN generate_series(-1, 1) AS near (second)
JOIN conversations_importedmessage AS message ON message.proof = hashtextextended(
  normalize(event.text, NFC), floor(extract(epoch FROM event.occurred_at))::bigint + near.second)
JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
JOIN conversations_conversation AS own ON own.id = thread.conversation_id AND starts_with(own.sender_id, 'archive:')
WHERE event.conversation_id = ANY(%(ids)s) AND event.kind = 'message_received'
  AND length(event.text) >= %(min_length)s
  AND thread.page_id = %(page)s AND own.id <> event.conversation_id

-- name: proofs
-- By staged thread and conversation: how many proofs they have in common, and the length of the longest. Of conversations
-- that have a text one second apart, those with the same second count. A text that several have in one second proves
-- nothing, nor does a conversation of which somebody has said that it is another person's.
WITH hits AS (
  SELECT message.thread_id, message.second, message.hash, length(message.text) AS length, stored.conversation_id,
    abs(stored.second - message.second) AS distance
  FROM archive_messages AS message
  JOIN conversations_importedthread AS thread ON thread.id = message.thread_id
  JOIN stored_texts AS stored
    ON stored.hash = message.hash AND stored.second BETWEEN message.second - 1 AND message.second + 1
  JOIN conversations_conversation AS owner
    ON owner.id = stored.conversation_id AND owner.platform = thread.platform
  LEFT JOIN conversations_conversation AS own ON own.id = thread.conversation_id
  WHERE message.is_proof AND owner.id IS DISTINCT FROM own.id
    AND (own.id IS NULL OR starts_with(own.sender_id, 'archive:'))
    AND NOT EXISTS (
      SELECT FROM conversations_importsuggestion AS suggestion
      WHERE suggestion.thread_id = thread.id AND suggestion.conversation_id = owner.id
        AND suggestion.rejected_at IS NOT NULL
    )
), nearest AS (
  SELECT *, min(distance) OVER (PARTITION BY thread_id, second, hash) AS least FROM hits
), proofs AS (
  SELECT thread_id, second, hash, max(length) AS length, min(conversation_id) AS conversation_id
  FROM nearest WHERE distance = least GROUP BY 1, 2, 3 HAVING count(DISTINCT conversation_id) = 1
)
SELECT thread_id, conversation_id, count(*), max(length) FROM proofs GROUP BY 1, 2 ORDER BY 1, 3 DESC, 2

-- name: found_texts
-- By pair of staged thread and conversation: how many texts the archive has in the time that both hold without a gap, and
-- how many of them the conversation has, too. The text of a message that was taken back is not known any more.
WITH pair AS (
  SELECT (pair->>0)::bigint AS thread_id, (pair->>1)::bigint AS conversation_id
  FROM json_array_elements(%(pairs)s::json) AS pair
), owned AS MATERIALIZED (
  SELECT event.conversation_id, event.kind, floor(extract(epoch FROM event.occurred_at))::bigint AS second,
    hashtextextended(normalize(event.text, NFC), 0) AS hash, event.data ? 'deleted' AS is_deleted
  FROM conversations_interactionevent AS event
  WHERE event.conversation_id IN (SELECT conversation_id FROM pair)
    AND event.kind IN ('message_received', 'message_sent')
), held AS (
  SELECT conversation_id, min(second) AS first, max(second) AS last FROM owned GROUP BY 1
), listed AS (
  SELECT conversation_id, extract(epoch FROM max(gap_at)) AS first,
    floor(extract(epoch FROM min(complete_until) FILTER (WHERE history = 'partial'))) AS last
  FROM conversations_thread WHERE conversation_id IN (SELECT conversation_id FROM pair) GROUP BY 1
), span AS (
  SELECT pair.thread_id, pair.conversation_id, greatest(held.first, listed.first) AS first,
    least(held.last, listed.last) AS last
  FROM pair JOIN held USING (conversation_id) LEFT JOIN listed USING (conversation_id)
), texts AS (
  SELECT span.conversation_id, message.thread_id, message.event_id, message.kind, message.second, message.hash
  FROM span JOIN archive_messages AS message
    ON message.thread_id = span.thread_id AND message.second BETWEEN span.first AND span.last
  WHERE NOT message.is_prose AND message.text <> ''
), found AS (
  SELECT texts.conversation_id, texts.thread_id, texts.event_id FROM texts JOIN owned
    ON owned.conversation_id = texts.conversation_id AND owned.kind = texts.kind AND owned.hash = texts.hash
      AND owned.second BETWEEN texts.second - 1 AND texts.second + 1
  UNION
  SELECT texts.conversation_id, texts.thread_id, texts.event_id FROM texts JOIN owned
    ON owned.conversation_id = texts.conversation_id AND owned.kind = texts.kind AND owned.second = texts.second
  WHERE owned.is_deleted
)
SELECT texts.thread_id, texts.conversation_id, count(*), count(found.event_id)
FROM texts LEFT JOIN found USING (thread_id, conversation_id, event_id)
GROUP BY 1, 2
