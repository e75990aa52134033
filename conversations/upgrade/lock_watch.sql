-- name: blockers
-- The sessions for which another one waits, the oldest transaction first. The text of a statement ends before
-- its first value, which may be what a customer wrote.
SELECT pid, application_name, state, extract(epoch FROM clock_timestamp() - xact_start),
  substring(query FROM '^[^''$\d]*')
FROM pg_stat_activity
WHERE pid = ANY (pg_blocking_pids(%(pid)s))
ORDER BY xact_start, pid

-- name: index_progress
-- How much of the index that a session builds is done, in percent; no row while it builds none.
SELECT 100 * blocks_done / blocks_total FROM pg_stat_progress_create_index
WHERE pid = %(pid)s AND blocks_total > 0
