-- name: longest_pauses
-- The longest pause between two slots with messages, of each of these Pages with at least so many slots.
SELECT page_id, max(pause) FROM (
  SELECT page_id, slot - lag(slot) OVER (PARTITION BY page_id ORDER BY slot) AS pause
  FROM conversations_messagebucket
  WHERE page_id = ANY(%(pages)s) AND slot >= %(first)s AND (received <> 0 OR sent <> 0)
) AS pauses
GROUP BY page_id HAVING count(*) >= %(min_slots)s
