-- name: with_any_tag
-- The number of conversations of these Pages that have any of these tags.
SELECT count(*) FROM (
  SELECT DISTINCT conversation_id FROM conversations_conversationtag
  WHERE page_id = ANY({pages}::bigint[]) AND tag_id = ANY({tags}::bigint[])
) AS tagged
