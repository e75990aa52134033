-- name: adjacent
-- The names of the rows beside a conversation; `newer` and `older` select the ids.
SELECT beside.side, c.id, c.sender_name, c.sender_id
FROM (
  (SELECT 'newer' AS side, newer.id FROM ({newer}) AS newer)
  UNION ALL
  (SELECT 'older' AS side, older.id FROM ({older}) AS older)
) AS beside
JOIN conversations_conversation AS c ON c.id = beside.id
