-- name: create_schema
CREATE SCHEMA reporting

-- name: mark
COMMENT ON SCHEMA reporting IS 'Inbox: read-only views of its data. manage.py migrate drops and makes them.'

-- name: comment
SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM pg_namespace WHERE nspname = 'reporting'

-- name: has_relations
SELECT EXISTS (SELECT FROM pg_class WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'reporting'))

-- name: views
SELECT oid::regclass::text FROM pg_class
WHERE relkind IN ('v', 'm') AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'reporting')
ORDER BY 1

-- name: dependents
-- Views elsewhere that read from a view in the schema.
SELECT DISTINCT dependent.oid::regclass::text
FROM pg_class AS source
JOIN pg_depend ON pg_depend.refclassid = 'pg_class'::regclass AND pg_depend.refobjid = source.oid
JOIN pg_rewrite ON pg_depend.classid = 'pg_rewrite'::regclass AND pg_rewrite.oid = pg_depend.objid
JOIN pg_class AS dependent ON dependent.oid = pg_rewrite.ev_class
WHERE source.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'reporting')
  AND dependent.relnamespace <> source.relnamespace
ORDER BY 1

-- name: grant
-- The role reads the views, if it was made already.
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'inbox_reporting') THEN
    GRANT USAGE ON SCHEMA reporting TO inbox_reporting;
    GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO inbox_reporting;
  END IF;
END $$
