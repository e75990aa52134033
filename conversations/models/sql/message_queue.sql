-- The queue of conversations whose messages the search index and the insights do not know yet, and the number of
-- messages of each Page.
--
-- One pass over the rows that a statement changed, and one look-up per conversation. A message never moves to
-- another Page. Django deletes the events of a conversation before the conversation.

CREATE OR REPLACE FUNCTION conversations_queue_messages_on_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH inserted AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind NOT IN ('status_changed', 'note_added')) AS number FROM new_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed', 'note_added') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
    SELECT conversation_id, false FROM inserted
  )
  INSERT INTO conversations_messagecount AS counter (page_id, messages)
  SELECT page_id, sum(number) FROM inserted JOIN conversations_conversation AS row ON row.id = conversation_id
  GROUP BY 1 HAVING sum(number) > 0 ORDER BY 1
  ON CONFLICT (page_id) DO UPDATE SET messages = counter.messages + excluded.messages;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_queue_messages_on_update() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
  SELECT conversation_id, bool_or(is_changed) FROM (
    SELECT unnest(ARRAY[new_rows.conversation_id, old_rows.conversation_id]) AS conversation_id,
      (new_rows.text, new_rows.conversation_id, new_rows.kind, new_rows.occurred_at)
        IS DISTINCT FROM (old_rows.text, old_rows.conversation_id, old_rows.kind, old_rows.occurred_at) AS is_changed,
      -- Of what the kinds of attachments and the statistics are computed: chunks stay as they are.
      (new_rows.attachments, new_rows.data->'sticker', new_rows.data->'story', new_rows.data->'deleted', new_rows.data->'stub')
        IS DISTINCT FROM
      (old_rows.attachments, old_rows.data->'sticker', old_rows.data->'story', old_rows.data->'deleted', old_rows.data->'stub')
        AS has_other_data
    FROM new_rows JOIN old_rows USING (id)
  ) AS changes WHERE is_changed OR has_other_data GROUP BY conversation_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_queue_messages_on_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH removed AS (
    SELECT conversation_id, count(*) FILTER (WHERE kind NOT IN ('status_changed', 'note_added')) AS number FROM old_rows
    WHERE kind IN ('message_received', 'message_sent', 'message_unknown', 'status_changed', 'note_added') GROUP BY 1
  ), queued AS (
    INSERT INTO conversations_messageindexqueue (conversation_id, is_changed)
    SELECT conversation_id, true FROM removed
  )
  UPDATE conversations_messagecount AS counter SET messages = counter.messages - deleted.number
  FROM (SELECT page_id, sum(number) AS number FROM removed
        JOIN conversations_conversation AS row ON row.id = conversation_id GROUP BY 1) AS deleted
  WHERE counter.page_id = deleted.page_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_delete_message_chunks() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_messageindexchunk WHERE conversation_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_delete_insights_of_page() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_messagecount WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_messagebucket WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_weeklyreplytimes WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_conversationstats WHERE page_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER queue_messages_on_insert AFTER INSERT ON conversations_interactionevent
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_queue_messages_on_insert();
CREATE OR REPLACE TRIGGER queue_messages_on_update AFTER UPDATE ON conversations_interactionevent
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_queue_messages_on_update();
CREATE OR REPLACE TRIGGER queue_messages_on_delete AFTER DELETE ON conversations_interactionevent
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_queue_messages_on_delete();
CREATE OR REPLACE TRIGGER delete_message_chunks AFTER DELETE ON conversations_conversation
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_delete_message_chunks();
CREATE OR REPLACE TRIGGER delete_insights_of_page AFTER DELETE ON conversations_page REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_delete_insights_of_page();
