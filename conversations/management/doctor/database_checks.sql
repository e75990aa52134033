-- name: version
-- As a number: 150004 is 15.4.
SELECT current_setting('server_version_num')::int

-- name: identity
-- What no other database has, not even one that was restored from a copy.
SELECT current_database(), pg_postmaster_start_time(),
  (SELECT oid FROM pg_database WHERE datname = current_database())

-- name: connections
-- How many connections PostgreSQL allows us, and how many clients have.
SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')

-- name: memory
-- Bytes that PostgreSQL keeps of tables and indexes, and bytes of this database.
SELECT pg_size_bytes(current_setting('shared_buffers')), pg_database_size(current_database())

-- name: offset
-- How many seconds the time zone is ahead of UTC at that moment.
SELECT extract(epoch FROM (%(moment)s::timestamptz AT TIME ZONE %(zone)s)
  - (%(moment)s::timestamptz AT TIME ZONE 'UTC'))
