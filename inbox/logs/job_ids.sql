-- name: defer
-- What procrastinate runs to defer jobs, and the origin of each.
WITH deferred AS (
  SELECT unnest(procrastinate_defer_jobs_v1(%(jobs)s::procrastinate_job_to_defer_v1[])) AS id
), origins AS (
  INSERT INTO conversations_joborigin (job_id, ids) SELECT id, %(ids)s::jsonb FROM deferred
  ON CONFLICT (job_id) DO UPDATE SET ids = excluded.ids
)
SELECT id FROM deferred

-- name: origin
-- The ids of the code that deferred the job.
SELECT ids FROM conversations_joborigin WHERE job_id = %(job)s
