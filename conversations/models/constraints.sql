-- name: unique_indexes
-- The valid unique indexes of a table that are neither partial nor deferred: on plain columns, or with the digest of
-- `graph_id` in place of the column.
SELECT relation.relname,
  array_agg(attribute.attname::text) || CASE WHEN bool_or(indexprs IS NULL) THEN '{}'::text[] ELSE '{graph_id}' END,
  EXISTS (SELECT FROM pg_constraint WHERE conindid = relation.oid), bool_or(indexprs IS NOT NULL)
FROM pg_index AS unique_index
JOIN pg_class AS relation ON relation.oid = indexrelid
JOIN pg_attribute AS attribute ON attribute.attrelid = indrelid
  AND attribute.attnum = ANY((indkey::int2[])[0:indnkeyatts - 1])
WHERE indrelid = to_regclass(%(table)s) AND indisunique AND NOT indisprimary AND indisvalid
  AND indimmediate AND indpred IS NULL
  AND (indexprs IS NULL OR pg_get_expr(indexprs, indrelid) = '(md5(graph_id))::uuid')
GROUP BY relation.oid, relation.relname ORDER BY relation.relname
