-- name: buckets
-- The sums of the Pages by slot.
SELECT slot, sum(received), sum(sent), sum(begun), sum(waiting) FROM conversations_messagebucket
WHERE page_id = ANY({pages}::bigint[]) AND slot >= {start} AND slot < {end} GROUP BY slot

-- name: reply_times
SELECT asked, seconds FROM conversations_weeklyreplytimes
WHERE page_id = ANY({pages}::bigint[]) AND week BETWEEN {first} AND {last}

-- name: stats
SELECT received, sent, asked, seconds, begun, waiting FROM conversations_conversationstats
WHERE conversation_id = ANY({ids}::bigint[])

-- name: top_tags
-- The tags with the highest counts; `counts` selects tag_id and number.
SELECT tag.id, tag.name, tag.slug, tag.color, counted.number FROM ({counts}) AS counted
JOIN tags_tag AS tag ON tag.id = counted.tag_id
WHERE counted.number > 0 ORDER BY counted.number DESC, tag.sort_key LIMIT {limit}

-- name: tags_of_pages
SELECT tag_id, sum(conversations)::bigint AS number FROM conversations_tagcount
WHERE page_id = ANY({pages}::bigint[]) GROUP BY 1

-- name: tags_of_conversations
SELECT tag_id, count(*) AS number FROM conversations_conversationtag
WHERE conversation_id = ANY({ids}::bigint[]) GROUP BY 1
