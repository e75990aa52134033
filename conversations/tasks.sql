-- name: move_jobs
-- Gives waiting jobs to the queue of their task.
UPDATE procrastinate_jobs AS job SET queue_name = task.queue
FROM unnest(%(tasks)s::text[], %(queues)s::text[]) AS task(name, queue)
WHERE job.status = 'todo' AND job.task_name = task.name AND job.queue_name <> task.queue
