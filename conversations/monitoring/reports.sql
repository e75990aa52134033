-- name: report
-- The numbers of this process, for all processes.
INSERT INTO conversations_processreport (process, reported_at, numbers) VALUES (%(process)s, clock_timestamp(), %(numbers)s)
ON CONFLICT (process) DO UPDATE SET reported_at = excluded.reported_at, numbers = excluded.numbers

-- name: reports
-- The numbers of all processes that live.
SELECT process, numbers FROM conversations_processreport
WHERE reported_at > clock_timestamp() - %(alive)s ORDER BY process
