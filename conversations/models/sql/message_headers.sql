-- Headers belong to a conversation. When messages move to another one, whose header is not there yet, it moves along.
-- Nobody else then has the names of a person, whose conversation can be deleted.

CREATE OR REPLACE FUNCTION conversations_move_headers() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  WITH moved AS (
    SELECT DISTINCT old_rows.conversation_id AS former, new_rows.conversation_id AS present, new_rows.header
    FROM new_rows JOIN old_rows USING (id)
    WHERE new_rows.conversation_id <> old_rows.conversation_id AND new_rows.header <> 0
  ), copied AS (
    INSERT INTO conversations_messageheader (conversation_id, key, data)
    SELECT moved.present, header.key, header.data
    FROM moved JOIN conversations_messageheader AS header ON conversation_id = former AND key = moved.header
    ON CONFLICT DO NOTHING
  )
  DELETE FROM conversations_messageheader AS header USING moved
  WHERE header.conversation_id = moved.former AND header.key = moved.header AND NOT EXISTS (
    SELECT FROM conversations_interactionevent AS event
    WHERE event.conversation_id = header.conversation_id AND event.header = header.key
  );
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER move_headers AFTER UPDATE ON conversations_interactionevent
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_move_headers();
