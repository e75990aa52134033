-- Computes the counters from the rows that they count. Triggers keep them exact, unless one was missing for a time.
--
-- Others can read meanwhile, but not write. The triggers on the table of untagged conversations would count the rows
-- a second time, and need unique keys, which may be missing as well.

LOCK TABLE conversations_conversation, conversations_conversationtag, conversations_interactionevent
  IN SHARE ROW EXCLUSIVE MODE;

ALTER TABLE conversations_untagged DISABLE TRIGGER USER;
DELETE FROM conversations_untagged;
INSERT INTO conversations_untagged (conversation_id, page_id, last_message_time)
SELECT id, page_id, last_message_time FROM conversations_conversation AS row
WHERE NOT EXISTS (SELECT FROM conversations_conversationtag AS tag WHERE tag.conversation_id = row.id);
ALTER TABLE conversations_untagged ENABLE TRIGGER USER;

DELETE FROM conversations_pagecount;
INSERT INTO conversations_pagecount (page_id, facets, conversations)
SELECT page_id, facets, count(*) FROM conversations_conversation GROUP BY 1, 2;

DELETE FROM conversations_tagcount;
INSERT INTO conversations_tagcount (page_id, tag_id, conversations)
SELECT page_id, tag_id, count(*) FROM conversations_conversationtag GROUP BY 1, 2
UNION ALL SELECT page_id, NULL, count(*) FROM conversations_untagged GROUP BY 1;

DELETE FROM conversations_messagecount;
INSERT INTO conversations_messagecount (page_id, messages)
SELECT page_id, sum(number) FROM (
  SELECT conversation_id, count(*) AS number FROM conversations_interactionevent
  WHERE kind IN ('message_received', 'message_sent', 'message_unknown') GROUP BY 1
) AS messages JOIN conversations_conversation AS row ON row.id = conversation_id GROUP BY 1;
