-- name: drop_old_events
-- Messages that are too old to be kept, and how many these were, by kind.
WITH old AS (DELETE FROM legacy_event WHERE occurred_at < %(since)s RETURNING event_type)
SELECT event_type, count(*) FROM old GROUP BY 1

-- name: drop_old_notes
WITH old AS (UPDATE legacy_opportunity SET notes = NULL WHERE notes IS NOT NULL AND written_at < %(since)s RETURNING id)
SELECT count(*) FROM old

-- name: drop_texts
-- The old application kept a text without its time: nobody knows how old it is.
UPDATE legacy_conversation SET last_message = '', folded_message = '' WHERE last_message <> ''

-- name: drop_old_people
-- People whom Inbox does not have, and whose newest message is too old to be kept.
DELETE FROM legacy_person
WHERE conversation_id IS NULL AND last_message_time < %(since)s AND id BETWEEN %(first)s AND %(last)s RETURNING id

-- name: make_people
-- One row for each person of each Page, whatever the number of copies that the users of the old application had: the
-- newest name that is one, the newest text, the greatest time.
CREATE TEMPORARY TABLE legacy_person AS
SELECT row_number() OVER (ORDER BY page_id, sender_id) AS id, *, NULL::bigint AS conversation_id, ''::text AS kind
FROM (
  SELECT page.page_id, row.sender_id,
    (array_agg(row.name ORDER BY row.is_named DESC, row.last_message_time DESC NULLS LAST,
      row.seen_at DESC NULLS LAST, row.id))[1] AS name,
    (array_agg(row.folded_name ORDER BY row.is_named DESC, row.last_message_time DESC NULLS LAST,
      row.seen_at DESC NULLS LAST, row.id))[1] AS folded_name,
    bool_or(row.is_named) AS is_named,
    (array_agg(row.last_message ORDER BY row.last_message <> '' DESC, row.last_message_time DESC NULLS LAST,
      row.id))[1] AS last_message,
    (array_agg(row.folded_message ORDER BY row.last_message <> '' DESC, row.last_message_time DESC NULLS LAST,
      row.id))[1] AS folded_message,
    least(max(row.last_message_time), %(now)s) AS last_message_time
  FROM legacy_conversation AS row JOIN legacy_page AS page USING (page_key)
  WHERE row.problem IS NULL GROUP BY 1, 2
) AS people

-- name: make_copies
-- Whose each old conversation is.
CREATE TEMPORARY TABLE legacy_copy AS
SELECT DISTINCT row.id AS conversation, person.id AS person
FROM legacy_conversation AS row JOIN legacy_page AS page USING (page_key)
JOIN legacy_person AS person ON (person.page_id, person.sender_id) = (page.page_id, row.sender_id)
WHERE row.problem IS NULL

-- name: index_people
ALTER TABLE legacy_person ADD PRIMARY KEY (id);
CREATE INDEX ON legacy_copy (conversation);
ANALYZE legacy_person, legacy_copy

-- name: find_conversations
-- The conversations that there are, also of people who have the ID as a further one. Others may have merged or deleted
-- some since they were found. LIMIT: a look into an index for each person, as some are wanted of very many.
UPDATE legacy_person AS person SET conversation_id = found.conversation_id
FROM legacy_person AS wanted
LEFT JOIN LATERAL (
  SELECT id FROM conversations_conversation AS stored
  WHERE stored.page_id = wanted.page_id AND stored.sender_id = wanted.sender_id LIMIT 1
) AS own ON true
LEFT JOIN LATERAL (
  SELECT conversation_id FROM conversations_conversationalias AS alias
  WHERE alias.page_id = wanted.page_id AND alias.sender_id = wanted.sender_id LIMIT 1
) AS further ON true
CROSS JOIN LATERAL (SELECT coalesce(own.id, further.conversation_id) AS conversation_id) AS found
WHERE person.id = wanted.id AND wanted.id BETWEEN %(first)s AND %(last)s
  AND wanted.conversation_id IS DISTINCT FROM found.conversation_id

-- name: make_known
-- The old rows that earlier imports have written, whatever became of what they wrote.
CREATE TEMPORARY TABLE legacy_known AS
SELECT DISTINCT event.data->>'legacy_id' AS id FROM conversations_interactionevent AS event
WHERE event.kind = 'tag_added' AND event.data ? 'legacy_id'
UNION SELECT event.data->>'legacy_id' FROM conversations_interactionevent AS event
WHERE event.kind = 'note_added' AND event.data ? 'legacy_id'

-- name: make_decided
-- The tags that staff have added to these conversations or removed here: what they decided counts.
CREATE TEMPORARY TABLE legacy_decided AS
SELECT DISTINCT event.conversation_id, (event.data->>'id')::bigint AS tag_id
FROM conversations_interactionevent AS event
JOIN legacy_person AS person ON person.conversation_id = event.conversation_id
WHERE event.kind IN ('tag_added', 'tag_removed') AND event.data->>'id' ~ '^[0-9]{1,18}$'
UNION SELECT stored.conversation_id, stored.tag_id FROM conversations_conversationtag AS stored
JOIN legacy_person AS person ON person.conversation_id = stored.conversation_id

-- name: make_new_tags
-- Each tag of each person once, since the oldest of its rows; none of which any row was imported before.
CREATE TEMPORARY TABLE legacy_new_tag AS
SELECT copy.person, tag.group_number,
  (array_agg(tagging.id ORDER BY tagging.created_at NULLS LAST, tagging.id))[1] AS legacy_id,
  min(tagging.created_at) AS created_at
FROM legacy_tagging AS tagging
JOIN legacy_copy AS copy ON copy.conversation = tagging.conversation
JOIN legacy_tag AS tag ON tag.key = tagging.tag
LEFT JOIN legacy_known AS known ON known.id = tagging.id
GROUP BY 1, 2 HAVING count(known.id) = 0

-- name: drop_decided_tags
DELETE FROM legacy_new_tag AS new USING legacy_person AS person, legacy_group AS grouped, legacy_decided AS decided
WHERE person.id = new.person AND grouped.number = new.group_number
  AND (decided.conversation_id, decided.tag_id) = (person.conversation_id, grouped.tag_id)

-- name: make_new_messages
-- Each message of each person once, however often it was written down. Messages of one second get different ranks.
CREATE TEMPORARY TABLE legacy_new_message AS
SELECT *, row_number() OVER (
  PARTITION BY person, date_trunc('second', occurred_at) ORDER BY occurred_at, graph_id
) - 1 AS rank
FROM (
  SELECT DISTINCT ON (copy.person, event.graph_id)
    copy.person, event.graph_id, event.id AS legacy_id, event.occurred_at, event.kind, event.event_type
  FROM legacy_event AS event JOIN legacy_copy AS copy ON copy.conversation = event.conversation
  ORDER BY copy.person, event.graph_id, event.occurred_at, event.id
) AS messages

-- name: count_doubled
-- How often a message was written down again, by kind.
SELECT event_type, sum(number)::bigint FROM (
  SELECT event.event_type, count(*) AS number
  FROM legacy_event AS event JOIN legacy_copy AS copy ON copy.conversation = event.conversation GROUP BY 1
  UNION ALL SELECT event_type, -count(*) FROM legacy_new_message GROUP BY 1
) AS counts GROUP BY 1 HAVING sum(number) > 0

-- name: drop_stored_messages
-- Messages that are stored already.
DELETE FROM legacy_new_message AS new USING legacy_person AS person, conversations_interactionevent AS event
WHERE person.id = new.person AND event.conversation_id = person.conversation_id
  AND md5(event.graph_id)::uuid = md5(new.graph_id)::uuid AND event.graph_id = new.graph_id

-- name: set_kinds
-- Who wrote the newest message, where its time is known.
UPDATE legacy_person AS person SET kind = newest.kind, last_message_time = newest.occurred_at
FROM (
  SELECT DISTINCT ON (person) person, kind, occurred_at FROM legacy_new_message
  ORDER BY person, occurred_at DESC, rank DESC
) AS newest
WHERE person.id = newest.person AND newest.occurred_at <= %(now)s
  AND (person.last_message_time IS NULL OR newest.occurred_at >= date_trunc('second', person.last_message_time))

-- name: make_new_notes
-- Notes in parts that are not too long for ours.
CREATE TEMPORARY TABLE legacy_new_note AS
SELECT DISTINCT ON (legacy_id) copy.person, numbered.legacy_id, numbered.text, numbered.written_at
FROM (
  SELECT row.conversation, row.written_at, substr(row.notes, part * %(letters)s + 1, %(letters)s) AS text,
    row.id || CASE WHEN part = 0 THEN '' ELSE ':' || part END AS legacy_id
  FROM legacy_opportunity AS row
  CROSS JOIN LATERAL generate_series(0, (length(row.notes) - 1) / %(letters)s) AS part WHERE row.notes IS NOT NULL
) AS numbered
JOIN legacy_copy AS copy ON copy.conversation = numbered.conversation
WHERE NOT EXISTS (SELECT FROM legacy_known AS known WHERE known.id = numbered.legacy_id)
ORDER BY legacy_id, numbered.written_at

-- name: index_plan
CREATE INDEX ON legacy_new_tag (person);
CREATE INDEX ON legacy_new_message (person);
CREATE INDEX ON legacy_new_note (person);
ANALYZE legacy_new_tag, legacy_new_message, legacy_new_note

-- name: count_problems
-- The rows that stay out, by table, kind and reason.
SELECT 'messenger_conversations', 'row', problem, count(*) FROM legacy_conversation WHERE problem IS NOT NULL GROUP BY 3
UNION ALL
SELECT 'conversation_tags', 'row', CASE
    WHEN owner.problem IS NOT NULL THEN owner.problem
    WHEN owner.id IS NULL THEN 'missing_conversation'
    WHEN tagging.tag = ANY(%(unnamed)s) THEN 'unnamed_tag'
    ELSE 'missing_tag' END, count(*)
FROM legacy_tagging AS tagging
LEFT JOIN LATERAL (SELECT id, problem FROM legacy_conversation AS row WHERE row.id = tagging.conversation LIMIT 1) AS owner
  ON true
LEFT JOIN legacy_tag AS tag ON tag.key = tagging.tag
WHERE tagging.tag <> 'blocked' AND NOT starts_with(tagging.tag, 'stage:')
  AND (owner.id IS NULL OR owner.problem IS NOT NULL OR tag.key IS NULL) GROUP BY 3
UNION ALL
SELECT 'contact_interaction_events', event.event_type, coalesce(owner.problem, 'missing_conversation'), count(*)
FROM legacy_event AS event
LEFT JOIN LATERAL (SELECT id, problem FROM legacy_conversation AS row WHERE row.id = event.conversation LIMIT 1) AS owner
  ON true
WHERE owner.id IS NULL OR owner.problem IS NOT NULL GROUP BY 2, 3
UNION ALL
SELECT 'pipeline_opportunities', 'row', CASE
    WHEN owner.problem IS NOT NULL THEN owner.problem
    WHEN owner.id IS NULL THEN 'missing_conversation'
    ELSE 'missing_stage' END, count(*)
FROM legacy_opportunity AS opportunity
LEFT JOIN legacy_tag AS tag ON tag.key = opportunity.stage
LEFT JOIN LATERAL (
  SELECT id, problem FROM legacy_conversation AS row WHERE row.id = opportunity.conversation LIMIT 1
) AS owner ON true
WHERE (opportunity.stage IS NOT NULL OR opportunity.notes IS NOT NULL)
  AND (owner.id IS NULL OR owner.problem IS NOT NULL OR opportunity.stage IS NOT NULL AND tag.key IS NULL) GROUP BY 3

-- name: unknown_pages
SELECT page_key, count(*) FROM legacy_conversation WHERE problem = 'unknown_page' GROUP BY 1 ORDER BY 2 DESC, 1

-- name: strangers
SELECT DISTINCT page_key, sender_id FROM legacy_conversation WHERE problem = 'stranger' ORDER BY 1, 2 LIMIT %(limit)s

-- name: people_of_page
SELECT id, sender_id FROM legacy_person WHERE page_id = %(page)s AND id BETWEEN %(first)s AND %(last)s ORDER BY id

-- name: drop_people
DELETE FROM legacy_person WHERE id = ANY(%(ids)s)

-- name: drop_plans_of_nobody
-- What was planned for people who were left out.
DELETE FROM legacy_new_tag AS new WHERE NOT EXISTS (SELECT FROM legacy_person WHERE id = new.person);
DELETE FROM legacy_new_message AS new WHERE NOT EXISTS (SELECT FROM legacy_person WHERE id = new.person);
DELETE FROM legacy_new_note AS new WHERE NOT EXISTS (SELECT FROM legacy_person WHERE id = new.person)

-- name: ranges
-- The people of each Page, and what is to be written and what was written before.
SELECT person.page_id, min(person.id), max(person.id), count(*), count(person.conversation_id)
FROM legacy_person AS person GROUP BY 1 ORDER BY 1

-- name: planned
-- How much is to be written on each Page, and how much there is to know.
SELECT person.page_id, 'tags', count(*) FROM legacy_new_tag AS new JOIN legacy_person AS person ON person.id = new.person
GROUP BY 1
UNION ALL
SELECT person.page_id, 'messages', count(*) FROM legacy_new_message AS new
JOIN legacy_person AS person ON person.id = new.person GROUP BY 1
UNION ALL
SELECT person.page_id, 'notes', count(*) FROM legacy_new_note AS new JOIN legacy_person AS person ON person.id = new.person
GROUP BY 1

-- name: totals
-- All tags of people, messages and notes of each Page, those of earlier imports included.
SELECT person.page_id, 'tags', count(*) FROM (
  SELECT DISTINCT copy.person, tag.group_number FROM legacy_tagging AS tagging
  JOIN legacy_copy AS copy ON copy.conversation = tagging.conversation JOIN legacy_tag AS tag ON tag.key = tagging.tag
) AS tags
JOIN legacy_person AS person ON person.id = tags.person GROUP BY 1
UNION ALL
SELECT person.page_id, 'messages', count(*) FROM (
  SELECT DISTINCT copy.person, event.graph_id FROM legacy_event AS event
  JOIN legacy_copy AS copy ON copy.conversation = event.conversation
) AS messages
JOIN legacy_person AS person ON person.id = messages.person GROUP BY 1
UNION ALL
SELECT person.page_id, 'notes', sum((length(opportunity.notes) - 1) / %(letters)s + 1)::bigint
FROM legacy_opportunity AS opportunity JOIN legacy_copy AS copy ON copy.conversation = opportunity.conversation
JOIN legacy_person AS person ON person.id = copy.person WHERE opportunity.notes IS NOT NULL GROUP BY 1

-- name: set_tag
UPDATE legacy_group SET tag_id = %(tag)s WHERE number = %(number)s

-- name: used_groups
-- The groups of tags that somebody gets, and those that an earlier import has brought.
SELECT DISTINCT group_number, true FROM legacy_new_tag
UNION SELECT DISTINCT tag.group_number, false FROM legacy_tagging AS tagging
JOIN legacy_tag AS tag ON tag.key = tagging.tag JOIN legacy_known AS known ON known.id = tagging.id

-- name: drop_tags_of_group
DELETE FROM legacy_new_tag WHERE group_number = %(number)s

-- name: groups_with_tag
SELECT number FROM legacy_group WHERE tag_id IS NOT NULL

-- name: last_person
SELECT coalesce(max(id), 0) FROM legacy_person
