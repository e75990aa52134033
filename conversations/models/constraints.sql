-- name: unique_indexes
-- The valid unique indexes of tables that are neither partial nor deferred: on plain columns, or with the digest of
-- `graph_id` in place of the column. A table without any has one row, of nulls.
SELECT wanted.name, found.*
FROM unnest(%(tables)s::text[]) AS wanted (name) JOIN pg_class AS owner ON owner.oid = to_regclass(wanted.name)
LEFT JOIN LATERAL (
  SELECT relation.relname,
    array_agg(attribute.attname::text) || CASE WHEN bool_or(indexprs IS NULL) THEN '{}'::text[] ELSE '{graph_id}' END,
    EXISTS (SELECT FROM pg_constraint WHERE conindid = relation.oid), bool_or(indexprs IS NOT NULL)
  FROM pg_index AS unique_index
  JOIN pg_class AS relation ON relation.oid = indexrelid
  JOIN pg_attribute AS attribute ON attribute.attrelid = indrelid
    AND attribute.attnum = ANY((indkey::int2[])[0:indnkeyatts - 1])
  WHERE indrelid = owner.oid AND indisunique AND NOT indisprimary AND indisvalid
    AND indimmediate AND indpred IS NULL
    AND (indexprs IS NULL OR pg_get_expr(indexprs, indrelid) = '(md5(graph_id))::uuid')
  GROUP BY relation.oid, relation.relname
) AS found ON true
ORDER BY wanted.name, found.relname
