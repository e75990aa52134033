-- name: save_backfills
UPDATE conversations_thread AS thread SET backfill = state.backfill::jsonb
FROM unnest(%(ids)s::bigint[], %(states)s::text[]) AS state(id, backfill) WHERE thread.id = state.id
