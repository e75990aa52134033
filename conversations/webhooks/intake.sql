-- name: insert
-- New deliveries, and a notification for those who work on them.
WITH delivery AS (
  INSERT INTO conversations_webhookdelivery (body, received_at, state, attempts, error, items, failed_items, people)
  SELECT body, now(), 'pending', 0, '', 0, 0, '{}' FROM unnest(%(bodies)s::bytea[]) WITH ORDINALITY AS item (body, place)
  ORDER BY place RETURNING id
)
SELECT pg_notify('inbox_webhooks', '') FROM (SELECT count(*) FROM delivery) AS stored
