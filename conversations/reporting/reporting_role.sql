-- name: settings
-- The settings of the role that somebody has set.
SELECT split_part(setting, '=', 1), setting FROM pg_roles, unnest(rolconfig) AS setting WHERE rolname = 'inbox_reporting'

-- name: database
-- The name of the database, quoted, and whether the role may connect to it; everybody may, unless that was revoked.
SELECT quote_ident(current_database()), coalesce(
  (SELECT has_database_privilege(oid, current_database(), 'CONNECT') FROM pg_roles WHERE rolname = 'inbox_reporting'),
  EXISTS (SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba))) AS granted
          WHERE datname = current_database() AND granted.grantee = 0 AND granted.privilege_type = 'CONNECT'))

-- name: own_grants
-- Statements that take from the role what was given to it on relations and schemas of the present user.
SELECT format('REVOKE ALL ON %s FROM inbox_reporting', relation.oid::regclass)
FROM pg_class AS relation JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f') AND pg_has_role(relation.relowner, 'USAGE')
  AND schema.nspname NOT IN ('pg_catalog', 'information_schema', 'reporting')
  AND (has_table_privilege('inbox_reporting', relation.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    OR has_any_column_privilege('inbox_reporting', relation.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
UNION ALL
SELECT format('REVOKE ALL ON SCHEMA %I FROM inbox_reporting', nspname) FROM pg_namespace
WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'reporting') AND pg_has_role(nspowner, 'USAGE')
  AND has_schema_privilege('inbox_reporting', oid, 'CREATE')

-- name: excesses
-- What the role may do beyond reading the views, in words. Everybody may read the catalogue, and what extensions show.
WITH role AS (SELECT * FROM pg_roles WHERE rolname = 'inbox_reporting')
SELECT 'it is a superuser' FROM role WHERE rolsuper
UNION ALL SELECT 'it may create roles' FROM role WHERE rolcreaterole
UNION ALL SELECT 'it may create databases' FROM role WHERE rolcreatedb
UNION ALL SELECT 'it may create schemas' FROM role WHERE has_database_privilege(role.oid, current_database(), 'CREATE')
UNION ALL SELECT 'it may replicate' FROM role WHERE rolreplication
UNION ALL SELECT 'it bypasses row security' FROM role WHERE rolbypassrls
UNION ALL SELECT format('it is a member of %I', pg_get_userbyid(roleid)) FROM role
JOIN pg_auth_members ON pg_auth_members.member = role.oid
UNION ALL SELECT format('it may create in the schema %I (REVOKE CREATE ON SCHEMA %1$I FROM PUBLIC)', nspname) FROM role, pg_namespace
WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND has_schema_privilege(role.oid, pg_namespace.oid, 'CREATE')
UNION ALL (SELECT format('it may use the table %s', relation.oid::regclass) FROM role, pg_class AS relation
JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
WHERE relation.relkind IN ('r', 'p', 'v', 'm', 'f') AND schema.nspname NOT IN ('information_schema', 'reporting')
  AND schema.nspname !~ '^pg_' AND has_schema_privilege(role.oid, schema.oid, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = relation.oid AND deptype = 'e')
  AND (has_table_privilege(role.oid, relation.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
    OR has_any_column_privilege(role.oid, relation.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))
ORDER BY 1 LIMIT 5)
UNION ALL SELECT format('it may change %s', relation.oid::regclass) FROM role, pg_class AS relation
WHERE relation.relkind = 'v' AND relation.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'reporting')
  AND has_table_privilege(role.oid, relation.oid, 'INSERT, UPDATE, DELETE')
