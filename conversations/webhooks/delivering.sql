-- name: finish
-- What became of the deliveries of a batch, and when the newest delivery of the Page arrived, which stays when its row is
-- deleted. One statement: the bodies, which are large, are not written again.
WITH receipt AS (
  UPDATE conversations_page SET last_delivery_at = %(newest)s
  WHERE id = %(page)s AND (last_delivery_at IS NULL OR last_delivery_at < %(newest)s)
)
UPDATE conversations_webhookdelivery AS delivery
SET state = row->>1, items = (row->>2)::integer, failed_items = (row->>3)::integer, error = row->>4,
  attempts = attempts + 1, people = ARRAY(SELECT jsonb_array_elements_text(row->5))
FROM jsonb_array_elements(%(deliveries)s::jsonb) AS row WHERE delivery.id = (row->>0)::bigint
