-- name: is_locked
-- Whether any process has the lock with these two keys.
SELECT EXISTS (
  SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = %(kind)s AND objid = %(page)s
)
