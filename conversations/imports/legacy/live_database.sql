-- name: local_settings
-- For this transaction alone: a pooler gives the connection to others afterwards. Without row security, PostgreSQL
-- refuses to leave out rows silently.
SET LOCAL row_security = off;
SET LOCAL statement_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL lock_timeout = '30s';
SET LOCAL timezone = 'UTC';
SET LOCAL datestyle = 'ISO, YMD'

-- name: columns
-- The columns of these tables that this role may see.
SELECT table_name::text, column_name::text FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = ANY(%(tables)s)

-- name: access
-- Which of these tables there are, whether row security hides rows of them from this role, and whether it may read
-- these columns.
SELECT relation.relname::text, row_security_active(relation.oid), (
  SELECT coalesce(bool_and(has_column_privilege(relation.oid, attribute.attnum, 'SELECT')), false)
  FROM pg_attribute AS attribute
  WHERE attribute.attrelid = relation.oid AND attribute.attnum > 0 AND NOT attribute.attisdropped
    AND attribute.attname::text = ANY(%(columns)s)
)
FROM pg_class AS relation
WHERE relation.relnamespace = to_regnamespace('public') AND relation.relname = ANY(%(tables)s)
  AND relation.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1
