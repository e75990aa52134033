-- name: pending
-- Deliveries, syncs and conversations of the message index that wait.
SELECT (SELECT count(*) FROM conversations_webhookdelivery WHERE state = 'pending')
  + (SELECT count(*) FROM conversations_syncrun WHERE ended_at IS NULL)
  + (SELECT count(*) FROM conversations_messageindexqueue)

-- name: syncs
-- The newest run of each of these Pages, with the rows that are stored.
SELECT run.status, extract(epoch FROM run.ended_at - run.started_at)::float,
  (SELECT count(*) FROM conversations_conversation AS c WHERE c.page_id = page.id),
  (SELECT count(*) FROM conversations_interactionevent AS e JOIN conversations_conversation AS c
     ON c.id = e.conversation_id WHERE c.page_id = page.id AND e.graph_id IS NOT NULL)
FROM conversations_page AS page
JOIN LATERAL (SELECT * FROM conversations_syncrun WHERE page_id = page.id ORDER BY id DESC LIMIT 1) AS run ON true
WHERE page.facebook_page_id = ANY(%s)

-- name: messages
-- How often each message of a webhook is stored.
SELECT graph_id, count(*) FROM conversations_interactionevent WHERE graph_id LIKE 'm\_load\_%' GROUP BY 1

-- name: left
-- Deliveries that are not done, and tags that were not taken back.
SELECT (SELECT count(*) FROM conversations_webhookdelivery WHERE state <> 'done'),
  (SELECT count(*) FROM conversations_conversationtag AS c JOIN tags_tag AS tag ON tag.id = c.tag_id WHERE tag.slug = 'load')

-- name: slowest
-- The statements that took most of the time of the server, without those of this program.
SELECT query, calls, total_exec_time / 1000, rows FROM pg_stat_statements
JOIN pg_database ON pg_database.oid = dbid
WHERE datname = %s ORDER BY total_exec_time DESC LIMIT %s
