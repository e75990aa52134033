-- name: connections
-- How many connections PostgreSQL allows, and how many others have open: not those of our database, which may remain
-- from a process that has just ended.
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  (SELECT count(*) FROM pg_stat_activity
   WHERE backend_type = 'client backend' AND datname IS DISTINCT FROM current_database())
