-- name: database
-- What PostgreSQL tells of this database. The states of connections of other roles are hidden: those are unknown.
SELECT pg_database_size(current_database()) AS size_bytes,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS max_connections,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS all_connections,
  coalesce((SELECT jsonb_object_agg(state, number) FROM (
    SELECT coalesce(state, 'unknown') AS state, count(*) AS number FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1
  ) AS states), '{}') AS connections,
  coalesce((SELECT extract(epoch FROM now() - min(xact_start))::float8 FROM pg_stat_activity
   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'), 0)
    AS oldest_transaction_seconds,
  xact_commit AS commits, xact_rollback AS rollbacks, deadlocks
FROM pg_stat_database WHERE datname = current_database()

-- name: backlog
-- What waits to be worked on. Each count reads the entries of an index, and stops at a limit; so nothing is counted in
-- a table that is large because the installation is.
SELECT (SELECT count(*) FROM (SELECT FROM conversations_messageindexqueue LIMIT %(limit)s) AS part) AS index_queue,
  coalesce((SELECT extract(epoch FROM now() - queued_at)::float8 FROM conversations_messageindexqueue ORDER BY id LIMIT 1), 0)
    AS index_lag_seconds,
  (SELECT count(*) FROM (SELECT FROM conversations_webhookdelivery WHERE state = 'pending' LIMIT %(limit)s) AS part)
    AS webhooks,
  coalesce((SELECT extract(epoch FROM now() - received_at)::float8 FROM conversations_webhookdelivery
   WHERE state = 'pending' AND page_id IS NULL ORDER BY received_at LIMIT 1), 0) AS unassigned_webhook_seconds,
  coalesce((SELECT extract(epoch FROM now() - due_at)::float8 FROM conversations_outgoingmessage
   WHERE state = 'queued' AND due_at <= now() ORDER BY due_at LIMIT 1), 0) AS outbox_lag_seconds,
  (SELECT count(*) FROM (SELECT FROM procrastinate_jobs WHERE status = 'failed' LIMIT %(limit)s) AS part) AS failed_jobs,
  (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds') AS workers,
  (SELECT count(*) FROM conversations_bulkoperation WHERE ended_at IS NULL) AS bulk_operations,
  (SELECT count(*) FROM conversations_export WHERE ended_at IS NULL) AS exports

-- name: pages
-- One row for each Page. Its newest run, its oldest pending delivery and its counts are each one look-up.
SELECT page.id, page.facebook_page_id AS facebook_id, page.name,
  page.state = 'connected' AND page.access_token <> '' AS is_connected,
  extract(epoch FROM page.access_ends_at - now())::float8 AS access_seconds,
  page.live_state, extract(epoch FROM now() - page.last_delivery_at)::float8 AS delivery_age_seconds,
  page.last_synced_at IS NOT NULL AS was_synced,
  extract(epoch FROM now() - coalesce(page.last_synced_at, page.created_at))::float8 AS sync_age_seconds,
  run.status AS run_status, coalesce(run.ended_at IS NULL, false) AS is_syncing,
  coalesce(count.conversations, 0) AS conversations, coalesce(message.messages, 0) AS messages,
  coalesce(extract(epoch FROM now() - delivery.received_at)::float8, 0) AS webhook_lag_seconds
FROM conversations_page AS page
LEFT JOIN LATERAL (
  SELECT status, ended_at FROM conversations_syncrun WHERE page_id = page.id ORDER BY id DESC LIMIT 1
) AS run ON true
LEFT JOIN LATERAL (
  SELECT received_at FROM conversations_webhookdelivery
  WHERE state = 'pending' AND page_id = page.id ORDER BY received_at LIMIT 1
) AS delivery ON true
LEFT JOIN LATERAL (
  SELECT sum(conversations)::bigint AS conversations FROM conversations_pagecount WHERE page_id = page.id
) AS count ON true
LEFT JOIN conversations_messagecount AS message ON message.page_id = page.id
ORDER BY page.name, page.id

-- name: budgets
-- The calls of all processes to Facebook, by Page and budget.
SELECT facebook_page_id AS facebook_id, split_part(platform, ':', 1) AS platform,
  CASE WHEN platform LIKE '%%:send' THEN 'send' ELSE 'read' END AS kind,
  calls, waited_seconds, throttled, transient, refused,
  greatest(0, coalesce(extract(epoch FROM closed_until - now()), 0))::float8 AS closed_seconds
FROM conversations_callbudget ORDER BY facebook_page_id, platform

-- name: queues
-- Jobs that wait or are being worked on, by queue. Those of a later time do not wait yet.
WITH active AS MATERIALIZED (
  SELECT id, queue_name, status, scheduled_at FROM procrastinate_jobs
  WHERE status IN ('todo', 'doing') AND (scheduled_at IS NULL OR scheduled_at <= now()) ORDER BY id LIMIT %(limit)s
), queue AS (
  SELECT queue_name, count(*) FILTER (WHERE status = 'todo') AS waiting, count(*) FILTER (WHERE status = 'doing') AS working,
    min(id) FILTER (WHERE status = 'todo') AS oldest
  FROM active GROUP BY queue_name
)
SELECT queue_name AS name, waiting, working,
  greatest(0, coalesce(extract(epoch FROM now() - coalesce(
    (SELECT scheduled_at FROM active WHERE id = oldest),
    (SELECT min(at) FROM procrastinate_events WHERE job_id = oldest))), 0))::float8 AS age_seconds
FROM queue ORDER BY queue_name

-- name: outbox
-- The messages that users wrote within a day, by state; of a very busy day the newest.
SELECT state, count(*) AS number FROM (
  SELECT state FROM conversations_outgoingmessage WHERE created_at > now() - interval '1 day'
  ORDER BY created_at DESC LIMIT %(limit)s
) AS part GROUP BY state ORDER BY state

-- name: alerts
-- Open alerts. A unique index has these alone.
SELECT page.facebook_page_id AS facebook_id, alert.cause FROM conversations_alert AS alert
JOIN conversations_page AS page ON page.id = alert.page_id
WHERE alert.closed_at IS NULL ORDER BY page.facebook_page_id, alert.cause

-- name: tables
-- Rows that were written, as PostgreSQL's statistics have them, and sizes.
SELECT relname AS name, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted, n_dead_tup AS dead_rows,
  pg_total_relation_size(relid) AS size_bytes
FROM pg_stat_user_tables WHERE relname = ANY(%(tables)s) AND schemaname = ANY(current_schemas(false)) ORDER BY relname
