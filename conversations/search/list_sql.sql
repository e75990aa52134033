-- name: scan_then_index
-- The first matches among `newest` rows, or if these are too few, of the text index. PostgreSQL runs only what it
-- needs: rows of `newest` are read when they are asked for, and each part below has a condition without columns, which
-- is checked first. The first of the newest rows are a sample: with fewer matches in it than `promising`, the others
-- will have too few as well, and are not scanned. There is no ORDER BY on `sample` and `rest`, which would check all rows
-- before the first is returned: they are read from `newest` in its order.
WITH newest AS MATERIALIZED ({newest}),
sample AS MATERIALIZED (
  SELECT newest.id, newest.time FROM (SELECT id, time FROM newest LIMIT {sample}) AS newest WHERE {matches} LIMIT {needed}
), rest AS MATERIALIZED (
  SELECT newest.id, newest.time FROM (SELECT id, time FROM newest OFFSET {sample}) AS newest
  WHERE (SELECT count(*) FROM sample) BETWEEN {promising} AND {needed} - 1 AND {matches}
  LIMIT {needed} - (SELECT count(*) FROM sample)
), scanned AS MATERIALIZED (
  SELECT id, time FROM sample UNION ALL SELECT id, time FROM rest
), index_matches AS MATERIALIZED ({index_matches})
SELECT id, time FROM (
  SELECT id, time FROM scanned WHERE (SELECT count(*) FROM scanned) = {needed}
  UNION ALL
  SELECT id, time FROM ({from_index}) AS from_index WHERE (SELECT count(*) FROM scanned) < {needed}
) AS either
ORDER BY {order} LIMIT {count} OFFSET {start}

-- name: for_each_value
-- The rows of `query`, which reads the row `lead` of `values`, for each of them.
SELECT part.id, part.time FROM {values} CROSS JOIN LATERAL ({query}) AS part
