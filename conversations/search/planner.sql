-- name: cardinalities
-- The counters of these Pages: by facets, by these tags, and without a tag.
SELECT 'facets', facets::bigint, sum(conversations)::bigint FROM conversations_pagecount
WHERE page_id = ANY({pages}::bigint[]) GROUP BY 2
UNION ALL
SELECT 'tag', tag_id, sum(conversations)::bigint FROM conversations_tagcount
WHERE page_id = ANY({pages}::bigint[]) AND (tag_id IS NULL OR tag_id = ANY({tags}::bigint[])) GROUP BY 2

-- name: any_tag
-- Whether the conversation `id` has any of these tags.
EXISTS (
  SELECT FROM conversations_conversationtag x WHERE x.conversation_id = {id} AND x.tag_id = ANY({tags}::bigint[])
)
