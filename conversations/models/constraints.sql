-- name: unique_indexes
-- The valid unique indexes of a table on plain columns that are neither partial nor deferred.
SELECT relation.relname, array_agg(attribute.attname::text),
  EXISTS (SELECT FROM pg_constraint WHERE conindid = relation.oid)
FROM pg_index AS unique_index
JOIN pg_class AS relation ON relation.oid = indexrelid
JOIN pg_attribute AS attribute ON attribute.attrelid = indrelid
  AND attribute.attnum = ANY((indkey::int2[])[0:indnkeyatts - 1])
WHERE indrelid = to_regclass(%(table)s) AND indisunique AND NOT indisprimary AND indisvalid
  AND indimmediate AND indpred IS NULL AND indexprs IS NULL
GROUP BY relation.oid, relation.relname ORDER BY relation.relname
