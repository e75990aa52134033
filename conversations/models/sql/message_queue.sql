-- The queue of conversations whose messages the search index and the insights do not know yet, and the number of
-- messages of each Page.
--
-- One pass over the rows that a statement changed, and one look-up per conversation. A message never moves to
-- another Page. Django deletes the events of a conversation before the conversation.

CREATE OR REPLACE FUNCTION conversations_messages_came() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH came AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind <> 'status_changed') AS number FROM new_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messagequeue (conversation_id, is_changed)
    SELECT conversation_id, false FROM came
  )
  INSERT INTO conversations_messagecount AS kept (page_id, messages)
  SELECT page_id, sum(number) FROM came JOIN conversations_conversation AS row ON row.id = conversation_id
  GROUP BY 1 HAVING sum(number) > 0 ORDER BY 1
  ON CONFLICT (page_id) DO UPDATE SET messages = kept.messages + excluded.messages;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_messagequeue (conversation_id, is_changed)
  SELECT DISTINCT unnest(ARRAY[new_rows.conversation_id, old_rows.conversation_id]), true
  FROM new_rows JOIN old_rows USING (id)
  WHERE (new_rows.text, new_rows.conversation_id, new_rows.kind, new_rows.occurred_at)
    IS DISTINCT FROM (old_rows.text, old_rows.conversation_id, old_rows.kind, old_rows.occurred_at);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_messages_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH went AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind <> 'status_changed') AS number FROM old_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messagequeue (conversation_id, is_changed)
    SELECT conversation_id, true FROM went
  )
  UPDATE conversations_messagecount AS kept SET messages = kept.messages - gone.number
  FROM (SELECT page_id, sum(number) AS number FROM went
        JOIN conversations_conversation AS row ON row.id = conversation_id GROUP BY 1) AS gone
  WHERE kept.page_id = gone.page_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_parts_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_messagepart WHERE conversation_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_page_went_insight() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_messagecount WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_messageslot WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_replyweek WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_insightshare WHERE page_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER came AFTER INSERT ON conversations_interactionevent REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_came();
CREATE OR REPLACE TRIGGER changed AFTER UPDATE ON conversations_interactionevent
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_changed();
CREATE OR REPLACE TRIGGER went AFTER DELETE ON conversations_interactionevent REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_messages_went();
CREATE OR REPLACE TRIGGER parts_went AFTER DELETE ON conversations_conversation REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_parts_went();
CREATE OR REPLACE TRIGGER went_insight AFTER DELETE ON conversations_page REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_page_went_insight();
