-- name: insert_conversations
-- The conversations of people whom Inbox does not know. A sync fills them: `told` says that the time is not of a
-- message that we know of.
WITH inserted AS (
  INSERT INTO conversations_conversation
    (page_id, sender_id, platform, graph_id, sender_name, last_message, last_message_time, last_message_kind,
     message_count, unread_count, can_reply, conversation_status, created_at, updated_at, search, told)
  SELECT page_id, sender_id, 'messenger', '', name, last_message, last_message_time, kind, 0, 0, true, 'active', %(now)s,
    %(now)s, folded_name || E'\n' || folded_message,
    jsonb_build_object('last_message_time', jsonb_build_array(to_char(
      last_message_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'), ''))
  FROM legacy_person WHERE conversation_id IS NULL AND id BETWEEN %(first)s AND %(last)s ORDER BY id
  RETURNING id, page_id, sender_id
)
UPDATE legacy_person AS person SET conversation_id = inserted.id FROM inserted
WHERE (person.page_id, person.sender_id) = (inserted.page_id, inserted.sender_id)
  AND person.id BETWEEN %(first)s AND %(last)s

-- name: make_slice
-- The people of this transaction and their conversations, with what the planner must know to join thousands of rows.
TRUNCATE legacy_slice;
INSERT INTO legacy_slice SELECT id, conversation_id FROM legacy_person
WHERE id BETWEEN %(first)s AND %(last)s AND conversation_id IS NOT NULL;
ANALYZE legacy_slice

-- name: other_names
-- The people who have another name here, with both names.
SELECT stored.id, stored.sender_id, stored.sender_name, person.name, person.folded_name
FROM legacy_slice AS slice JOIN legacy_person AS person ON person.id = slice.person
CROSS JOIN LATERAL (
  SELECT * FROM conversations_conversation AS row WHERE row.id = slice.conversation_id LIMIT 1
) AS stored
WHERE person.is_named AND stored.sender_name <> person.name

-- name: set_names
-- Gives people names who had none; the second line of what the search reads is the message.
UPDATE conversations_conversation AS stored
SET sender_name = new.name, updated_at = %(now)s,
  search = new.folded || E'\n' || substr(stored.search, strpos(stored.search, E'\n') + 1)
FROM unnest(%(ids)s::bigint[], %(names)s::text[], %(folded)s::text[]) AS new(id, name, folded) WHERE stored.id = new.id

-- name: tags_of_people
-- The tags that these people get.
SELECT slice.conversation_id, grouped.tag_id, new.legacy_id, coalesce(new.created_at, {now}::timestamptz) AS created_at
FROM legacy_new_tag AS new JOIN legacy_slice AS slice ON slice.person = new.person
JOIN legacy_group AS grouped ON grouped.number = new.group_number WHERE grouped.tag_id IS NOT NULL

-- name: insert_messages
-- Messages of which only the time and the side are known. `stub`: a sync that shows them brings the rest.
INSERT INTO conversations_interactionevent
  (conversation_id, kind, graph_id, occurred_at, text, attachments, data, rank)
SELECT slice.conversation_id, new.kind, new.graph_id, new.occurred_at, '', '[]',
  jsonb_build_object('stub', true, 'legacy_id', new.legacy_id), new.rank
FROM legacy_new_message AS new JOIN legacy_slice AS slice ON slice.person = new.person
WHERE NOT EXISTS (
  SELECT FROM conversations_interactionevent AS event
  WHERE event.conversation_id = slice.conversation_id
    AND md5(event.graph_id)::uuid = md5(new.graph_id)::uuid AND event.graph_id = new.graph_id
)
ORDER BY slice.person, new.occurred_at, new.rank
ON CONFLICT DO NOTHING

-- name: insert_notes
INSERT INTO conversations_interactionevent (conversation_id, kind, occurred_at, text, attachments, data)
SELECT slice.conversation_id, 'note_added', coalesce(new.written_at, %(now)s), new.text, '[]',
  jsonb_build_object('mentions', '[]'::jsonb, 'legacy_id', new.legacy_id)
FROM legacy_new_note AS new JOIN legacy_slice AS slice ON slice.person = new.person
WHERE NOT EXISTS (
  SELECT FROM conversations_interactionevent AS event
  WHERE event.conversation_id = slice.conversation_id AND event.kind = 'note_added'
    AND event.data->>'legacy_id' = new.legacy_id
)
ORDER BY slice.person, new.written_at, new.legacy_id
