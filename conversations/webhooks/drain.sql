-- name: pages_with_work
-- A loose index scan: each step finds the next Page in the index of pending deliveries.
WITH RECURSIVE pages AS (
  (SELECT page_id FROM conversations_webhookdelivery WHERE state = 'pending' AND page_id IS NOT NULL
   ORDER BY page_id LIMIT 1)
  UNION ALL
  SELECT (SELECT page_id FROM conversations_webhookdelivery AS delivery
          WHERE state = 'pending' AND delivery.page_id > pages.page_id ORDER BY page_id LIMIT 1)
  FROM pages WHERE pages.page_id IS NOT NULL
)
SELECT page_id FROM pages WHERE page_id IS NOT NULL

-- name: next_batch
-- The oldest pending deliveries of a Page, at least one, and not many bytes.
SELECT id FROM (
  SELECT id, row_number() OVER oldest_first AS place, sum(octet_length(body)) OVER oldest_first AS bytes
  FROM (SELECT id, received_at, body FROM conversations_webhookdelivery
        WHERE state = 'pending' AND page_id = %(page)s ORDER BY received_at, id LIMIT %(max_rows)s) AS pending
  WINDOW oldest_first AS (ORDER BY received_at, id)
) AS batch WHERE place = 1 OR bytes <= %(max_bytes)s
