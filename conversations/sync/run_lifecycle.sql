-- name: update
-- Writes columns of a run that has not ended, and notifies.
UPDATE conversations_syncrun SET {columns} WHERE id = %s AND ended_at IS NULL RETURNING {notify}

-- name: is_ended
-- Whether a run has ended, or was deleted.
SELECT NOT EXISTS (SELECT FROM conversations_syncrun WHERE id = %s AND ended_at IS NULL)
