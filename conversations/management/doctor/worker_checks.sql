-- name: alive
-- Workers with a recent heartbeat.
SELECT count(*) FROM procrastinate_workers
WHERE last_heartbeat > now() - make_interval(secs => %(seconds)s)

-- name: last_times
-- When each scheduled task was last due and deferred, in seconds since 1970.
SELECT task_name, max(defer_timestamp) FROM procrastinate_periodic_defers GROUP BY task_name

-- name: queue
-- How many jobs are due, since when the oldest waits, in seconds, and how many failed within a day.
SELECT count(*) FILTER (WHERE job.status = 'todo'),
  coalesce(extract(epoch FROM max(now() - coalesce(job.scheduled_at, event.at))
    FILTER (WHERE job.status = 'todo')), 0)::float,
  count(*) FILTER (WHERE job.status = 'failed')
FROM procrastinate_jobs AS job
JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events WHERE job_id = job.id) AS event ON true
WHERE job.status = 'todo' AND coalesce(job.scheduled_at, now()) <= now()
   OR job.status = 'failed' AND event.at > now() - interval '1 day'
