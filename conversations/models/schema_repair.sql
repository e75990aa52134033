-- name: valid_indexes
SELECT relname FROM pg_class JOIN pg_index ON indexrelid = oid
WHERE relnamespace = quote_ident(current_schema())::regnamespace AND indisvalid

-- name: functions
SELECT proname, prosrc, proconfig FROM pg_proc
WHERE pronamespace = quote_ident(current_schema())::regnamespace

-- name: enabled_triggers
SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE relnamespace = quote_ident(current_schema())::regnamespace
  AND NOT tgisinternal AND tgenabled <> 'D'

-- name: create_unique_index
-- Django's template for a unique index, with CONCURRENTLY.
CREATE UNIQUE INDEX CONCURRENTLY %(name)s
ON %(table)s (%(columns)s)%(include)s%(nulls_distinct)s%(condition)s
