-- name: buckets
-- The sums of the Pages by slot.
SELECT slot, sum(received), sum(sent), sum(begun), sum(waiting), sum(unanswered), sum(answered)
FROM conversations_messagebucket
WHERE page_id = ANY({pages}::bigint[]) AND slot >= {start} AND slot < {end} GROUP BY slot

-- name: reply_times
SELECT asked, seconds FROM conversations_weeklyreplytimes
WHERE page_id = ANY({pages}::bigint[]) AND week BETWEEN {first} AND {last}

-- name: stats
SELECT received, sent, asked, seconds, begun, waiting, unanswered, answered FROM conversations_conversationstats
WHERE conversation_id = ANY({ids}::bigint[])

-- name: top_tags
-- The tags with the highest counts; `counts` selects tag_id and number.
SELECT tag.id, tag.name, tag.slug, tag.color, counted.number FROM ({counts}) AS counted
JOIN tags_tag AS tag ON tag.id = counted.tag_id
WHERE counted.number > 0 ORDER BY counted.number DESC, tag.sort_key LIMIT {limit}

-- name: top_ads
-- The ads with the highest counts; `counts` selects ad_id and number. The title is that of a newest referral.
SELECT counted.ad_id, coalesce((
  SELECT c.referral->>'ad_title' FROM conversations_conversation AS c
  WHERE c.ad_id = counted.ad_id AND c.page_id = ANY({pages}::bigint[])
  ORDER BY c.last_message_time DESC NULLS LAST, c.id DESC LIMIT 1
), ''), counted.number
FROM (SELECT ad_id, number FROM ({counts}) AS counts ORDER BY number DESC, ad_id LIMIT {limit}) AS counted
ORDER BY counted.number DESC, counted.ad_id

-- name: ads_of_pages
SELECT ad_id, count(*) AS number FROM conversations_conversation
WHERE ad_id IS NOT NULL AND page_id = ANY({pages}::bigint[]) GROUP BY 1

-- name: ads_of_conversations
SELECT ad_id, count(*) AS number FROM conversations_conversation
WHERE ad_id IS NOT NULL AND id = ANY({ids}::bigint[]) GROUP BY 1

-- name: newest_ads
-- Ads of these Pages, those with the highest IDs first. Each step reads one entry of the index, so that an ad with
-- many conversations costs no more.
WITH RECURSIVE ad (id, number) AS (
  SELECT max(ad_id), 1 FROM conversations_conversation WHERE ad_id IS NOT NULL
  UNION ALL
  SELECT (SELECT max(c.ad_id) FROM conversations_conversation AS c WHERE c.ad_id < ad.id), ad.number + 1
  FROM ad WHERE ad.id IS NOT NULL AND ad.number < {examined}
)
SELECT ad.id, newest.title FROM ad CROSS JOIN LATERAL (
  SELECT coalesce(c.referral->>'ad_title', '') AS title FROM conversations_conversation AS c
  WHERE c.ad_id = ad.id AND c.page_id = ANY({pages}::bigint[])
  ORDER BY c.last_message_time DESC NULLS LAST, c.id DESC LIMIT 1
) AS newest
ORDER BY ad.number LIMIT {limit}

-- name: tags_of_pages
SELECT tag_id, sum(conversations)::bigint AS number FROM conversations_tagcount
WHERE page_id = ANY({pages}::bigint[]) GROUP BY 1

-- name: tags_of_conversations
SELECT tag_id, count(*) AS number FROM conversations_conversationtag
WHERE conversation_id = ANY({ids}::bigint[]) GROUP BY 1
