-- name: name_messages
-- The messages of a conversation with the person whom each names: its sender, or else its first recipient,
-- who is not the business.
CREATE TEMP TABLE named_messages ON COMMIT DROP AS
SELECT event.id, event.graph_id, event.occurred_at, chosen.person->>'id' AS person,
  coalesce(chosen.person->>'name', chosen.person->>'username', '') AS name
FROM conversations_interactionevent AS event LEFT JOIN conversations_messageheader AS header
  ON header.conversation_id = event.conversation_id AND header.key = event.header
CROSS JOIN LATERAL (
  SELECT candidate.person FROM (
    SELECT coalesce(event.data->'from', header.data->'from') AS person, 0 AS position
    UNION ALL SELECT jsonb_path_query(coalesce(event.data->'to', header.data->'to'), '$.data[*]'), 1
  ) AS candidate
  WHERE jsonb_typeof(candidate.person) = 'object' AND candidate.person->>'id' <> ALL(%(business)s)
  ORDER BY position LIMIT 1
) AS chosen
WHERE event.conversation_id = %(mixed)s AND event.kind LIKE 'message\_%%'

-- name: drop_copies
-- Messages that the conversation of the named person has, too.
DELETE FROM conversations_interactionevent AS copy
USING named_messages AS named, unnest(%(people)s::text[], %(owners)s::bigint[]) AS owner(person, id),
  conversations_interactionevent AS own
WHERE copy.id = named.id AND named.person = owner.person
  AND own.conversation_id = owner.id AND own.graph_id = named.graph_id

-- name: move_messages
UPDATE conversations_interactionevent AS event SET conversation_id = owner.id
FROM named_messages AS named, unnest(%(people)s::text[], %(owners)s::bigint[]) AS owner(person, id)
WHERE event.id = named.id AND named.person = owner.person

-- name: drop_stored_elsewhere
DELETE FROM conversations_interactionevent AS copy WHERE copy.conversation_id = %(mixed)s AND EXISTS (
  SELECT FROM conversations_conversation AS other
  JOIN conversations_interactionevent AS own
    ON own.conversation_id = other.id
      AND md5(own.graph_id)::uuid = md5(copy.graph_id)::uuid AND own.graph_id = copy.graph_id
  WHERE other.page_id = %(page)s AND other.id <> copy.conversation_id)

-- name: mark
-- Changes the kind of the messages that these senders wrote.
UPDATE conversations_interactionevent AS event SET kind = %(after)s, fingerprint = NULL
WHERE conversation_id = ANY(%(ids)s) AND kind = %(before)s AND coalesce(data->'from', (
  SELECT header.data->'from' FROM conversations_messageheader AS header
  WHERE header.conversation_id = event.conversation_id AND header.key = event.header
))->>'id' = ANY(%(senders)s)
RETURNING conversation_id

-- name: show_mark
-- Changes the kind of the last message of conversations.
UPDATE conversations_conversation AS row SET last_message_kind = %(after)s, updated_at = now()
WHERE id = ANY(%(ids)s) AND last_message_kind = %(before)s AND %(after)s = (
  SELECT kind FROM conversations_interactionevent
  WHERE conversation_id = row.id AND kind LIKE 'message\_%%' ORDER BY occurred_at DESC, rank DESC, id DESC LIMIT 1)

-- name: named_people
SELECT person, max(name), min(occurred_at) FROM named_messages GROUP BY person ORDER BY person
