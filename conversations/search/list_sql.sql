-- name: scan_then_index
-- The first rows of `scanned`, or if these are too few, of the text index. PostgreSQL runs only one of the two:
-- each has a condition without columns, which it checks first.
WITH scanned AS MATERIALIZED ({scanned}), index_matches AS MATERIALIZED ({index_matches})
SELECT id, time FROM (
  SELECT id, time FROM scanned WHERE (SELECT count(*) FROM scanned) = {needed}
  UNION ALL
  SELECT id, time FROM ({from_index}) AS from_index WHERE (SELECT count(*) FROM scanned) < {needed}
) AS either
ORDER BY {order} LIMIT {count} OFFSET {start}

-- name: for_each_value
-- The rows of `query`, which reads the row `lead` of `values`, for each of them.
SELECT part.id, part.time FROM {values} CROSS JOIN LATERAL ({query}) AS part
