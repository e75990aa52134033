-- name: cardinalities
-- The counters of these Pages: by facets, by these tags, and without a tag.
SELECT 'facets', facets::bigint, sum(conversations)::bigint FROM conversations_pagecount
WHERE page_id = ANY({pages}::bigint[]) GROUP BY 2
UNION ALL
SELECT 'tag', tag_id, sum(conversations)::bigint FROM conversations_tagcount
WHERE page_id = ANY({pages}::bigint[]) AND (tag_id IS NULL OR tag_id = ANY({tags}::bigint[])) GROUP BY 2

-- name: and_of_ad
-- Added to the counters: those that the ad brought. Only its index is read.
UNION ALL
SELECT 'ad', NULL, count(*) FROM conversations_conversation
WHERE ad_id = {ad} AND page_id = ANY({pages}::bigint[])

-- name: and_with_attachments
-- Added to the counters: those with an attachment of these kinds, up to a limit. Only their index is read.
UNION ALL
SELECT 'attachments', NULL, count(*) FROM (
  SELECT FROM conversations_conversation AS c WHERE {kinds} AND c.page_id = ANY({pages}::bigint[]) LIMIT {limit}
) AS counted

-- name: any_tag
-- Whether the conversation `id` has any of these tags.
EXISTS (
  SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id} AND x.tag_id = ANY({tags}::bigint[])
)

-- name: any_of_many_tags
-- The same for more tags than a conversation usually has: `+ 0` hides them from the index, in which PostgreSQL
-- would look up each of them. All tags of the conversation are then read at once.
EXISTS (
  SELECT FROM conversations_conversationtag x
  WHERE x.conversation_id = {id} AND x.tag_id + 0 = ANY({tags}::bigint[])
)

-- name: all_tags
-- Whether the conversation `id` has all of these tags, `count` in number.
(
  SELECT count(*) FROM conversations_conversationtag x
  WHERE x.conversation_id = {id} AND x.tag_id + 0 = ANY({tags}::bigint[])
) = {count}

-- name: first_of_tags
-- The rows of the tag `lead.value`, except those of conversations that have an earlier one of these tags.
t.tag_id = lead.value AND NOT EXISTS (
  SELECT FROM conversations_conversationtag x
  WHERE x.conversation_id = t.conversation_id AND x.tag_id + 0 = ANY(({tags}::bigint[])[:lead.number - 1])
)

-- name: and_assigned
-- Added to the counters: those of the assignee. Only their index is read.
UNION ALL
SELECT 'assigned', NULL, count(*) FROM (
  SELECT FROM conversations_conversation AS c WHERE {assigned} AND c.page_id = ANY({pages}::bigint[]) LIMIT {limit}
) AS counted

-- name: and_snoozed
UNION ALL
SELECT 'snoozed', NULL, count(*) FROM (
  SELECT FROM conversations_conversation AS c
  WHERE c.snoozed_until IS NOT NULL AND c.page_id = ANY({pages}::bigint[]) LIMIT {limit}
) AS counted

-- name: and_mentioning
-- Of all Pages: the notes that mention the user.
UNION ALL
SELECT 'mentioning', NULL, count(*) FROM (
  SELECT FROM conversations_interactionevent AS e
  WHERE e.kind = 'note_added' AND e.data->'mentions' @> {mention} LIMIT {limit}
) AS counted

-- name: and_with_note
-- Of all Pages: the notes.
UNION ALL
SELECT 'note', NULL, count(*) FROM (
  SELECT FROM conversations_interactionevent AS e WHERE e.kind = 'note_added' LIMIT {limit}
) AS counted

-- name: mentioning
SELECT DISTINCT e.conversation_id FROM conversations_interactionevent AS e
WHERE e.kind = 'note_added' AND e.data->'mentions' @> {mention}

-- name: with_note
SELECT DISTINCT e.conversation_id FROM conversations_interactionevent AS e WHERE e.kind = 'note_added'
