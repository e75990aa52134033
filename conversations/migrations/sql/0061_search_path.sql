-- The functions and triggers as of migration 0061. Frozen: later changes are in conversations/models/sql/.

-- The keys of the search index.
--
-- Each three characters in a row are a key, and so are the first one and the first two characters of each word
-- of the name (the line before the first line break). The Page is part of each key, so a search reads only keys
-- of its own Page. Keys are made of characters, not letters: pg_trgm knows only the letters of the database's
-- locale, in many servers ASCII. PostgreSQL distributes hash partitions by hashtextextended: it does not change.

CREATE OR REPLACE FUNCTION conversations_keys(page bigint, words text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
DECLARE
  signs text[] := string_to_array(words, NULL);
  keys bigint[];
BEGIN
  FOR start IN 1 .. cardinality(signs) - 2 LOOP
    keys[start] := hashtextextended(signs[start] || signs[start + 1] || signs[start + 2], page);
  END LOOP;
  RETURN keys;
END $$;

CREATE OR REPLACE FUNCTION conversations_name_key(page bigint, beginning text) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$ SELECT hashtextextended('^' || beginning, page) $$;

CREATE OR REPLACE FUNCTION conversations_name_words(search text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT ' ' || translate(split_part(search, E'\n', 1), '-_.,;:/()[]"''’&', '               ')
$$;

CREATE OR REPLACE FUNCTION conversations_search_keys(page bigint, search text) RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT
SET search_path FROM CURRENT AS $$
DECLARE
  keys bigint[] := conversations_keys(page, search);
  word text;
BEGIN
  FOREACH word IN ARRAY string_to_array(conversations_name_words(search), ' ') LOOP
    IF word <> '' THEN
      keys := keys || conversations_name_key(page, left(word, 1)) || conversations_name_key(page, left(word, 2));
    END IF;
  END LOOP;
  RETURN keys;
END $$;

-- Counters of conversations per Page and tag, and the table of untagged conversations.
--
-- Statement-level triggers with transition tables: one pass over the rows that a statement changed. Deletions
-- only update counters that exist, so the counters of a Page that is being deleted are not created again.

CREATE OR REPLACE FUNCTION conversations_conversation_came() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_untagged (conversation_id, page_id, last_message_time)
  SELECT id, page_id, last_message_time FROM new_rows;
  INSERT INTO conversations_pagecount AS kept (page_id, facets, conversations)
  SELECT page_id, facets, count(*) FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (page_id, facets) DO UPDATE SET conversations = kept.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_conversation_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_untagged AS copy
  SET page_id = new_rows.page_id, last_message_time = new_rows.last_message_time
  FROM new_rows JOIN old_rows USING (id)
  WHERE copy.conversation_id = id
    AND (new_rows.page_id, new_rows.last_message_time)
      IS DISTINCT FROM (old_rows.page_id, old_rows.last_message_time);
  INSERT INTO conversations_pagecount AS kept (page_id, facets, conversations)
  SELECT page_id, facets, sum(change) FROM (
    SELECT new_rows.page_id, new_rows.facets, 1 AS change FROM new_rows JOIN old_rows USING (id)
    WHERE (new_rows.page_id, new_rows.facets) IS DISTINCT FROM (old_rows.page_id, old_rows.facets)
    UNION ALL
    SELECT old_rows.page_id, old_rows.facets, -1 FROM new_rows JOIN old_rows USING (id)
    WHERE (new_rows.page_id, new_rows.facets) IS DISTINCT FROM (old_rows.page_id, old_rows.facets)
  ) AS moves GROUP BY 1, 2 HAVING sum(change) <> 0 ORDER BY 1, 2
  ON CONFLICT (page_id, facets) DO UPDATE SET conversations = kept.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_conversation_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_untagged AS copy USING old_rows WHERE copy.conversation_id = old_rows.id;
  UPDATE conversations_pagecount AS kept SET conversations = kept.conversations - gone.number
  FROM (SELECT page_id, facets, count(*) AS number FROM old_rows GROUP BY 1, 2) AS gone
  WHERE (kept.page_id, kept.facets) = (gone.page_id, gone.facets);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_tags_came() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_untagged AS copy USING new_rows
  WHERE copy.conversation_id = new_rows.conversation_id;
  INSERT INTO conversations_tagcount AS kept (page_id, tag_id, conversations)
  SELECT page_id, tag_id, count(*) FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (page_id, tag_id) DO UPDATE SET conversations = kept.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_tags_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_tagcount AS kept SET conversations = kept.conversations - gone.number
  FROM (SELECT page_id, tag_id, count(*) AS number FROM old_rows GROUP BY 1, 2) AS gone
  WHERE (kept.page_id, kept.tag_id) = (gone.page_id, gone.tag_id);
  INSERT INTO conversations_untagged (conversation_id, page_id, last_message_time)
  SELECT row.id, row.page_id, row.last_message_time FROM conversations_conversation AS row
  WHERE row.id IN (SELECT conversation_id FROM old_rows)
    AND NOT EXISTS (SELECT FROM conversations_conversationtag AS left_over
                    WHERE left_over.conversation_id = row.id)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_untagged_came() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_tagcount AS kept (page_id, tag_id, conversations)
  SELECT page_id, NULL, count(*) FROM new_rows GROUP BY 1 ORDER BY 1
  ON CONFLICT (page_id, tag_id) DO UPDATE SET conversations = kept.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_untagged_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_tagcount AS kept SET conversations = kept.conversations - gone.number
  FROM (SELECT page_id, count(*) AS number FROM old_rows GROUP BY 1) AS gone
  WHERE kept.page_id = gone.page_id AND kept.tag_id IS NULL;
  RETURN NULL;
END $$;

-- The last step of deleting a Page: its counters, which the triggers on the deleted rows may have written.
CREATE OR REPLACE FUNCTION conversations_page_went() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_pagecount WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_tagcount WHERE page_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER came AFTER INSERT ON conversations_conversation REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_conversation_came();
CREATE OR REPLACE TRIGGER changed AFTER UPDATE ON conversations_conversation
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_conversation_changed();
CREATE OR REPLACE TRIGGER went AFTER DELETE ON conversations_conversation REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_conversation_went();
CREATE OR REPLACE TRIGGER came AFTER INSERT ON conversations_conversationtag REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_tags_came();
CREATE OR REPLACE TRIGGER went AFTER DELETE ON conversations_conversationtag REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_tags_went();
CREATE OR REPLACE TRIGGER came AFTER INSERT ON conversations_untagged REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_untagged_came();
CREATE OR REPLACE TRIGGER went AFTER DELETE ON conversations_untagged REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_untagged_went();
CREATE OR REPLACE TRIGGER went AFTER DELETE ON conversations_page REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_page_went();

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

-- Open streams check permissions when they open. These triggers notify them of later changes: roles on Pages, users
-- who are deactivated or become superusers, API keys that are renewed or revoked. The payload is the user's ID.

CREATE OR REPLACE FUNCTION conversations_rights_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN
    PERFORM pg_notify('inbox_rights', OLD.user_id::text);
  END IF;
  IF TG_OP <> 'DELETE' THEN
    PERFORM pg_notify('inbox_rights', NEW.user_id::text);
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_user_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM pg_notify('inbox_rights', NEW.id::text);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER rights_changed AFTER INSERT OR UPDATE OR DELETE ON conversations_pagemember
  FOR EACH ROW EXECUTE FUNCTION conversations_rights_changed();
CREATE OR REPLACE TRIGGER rights_changed AFTER UPDATE OR DELETE ON authtoken_token
  FOR EACH ROW EXECUTE FUNCTION conversations_rights_changed();
CREATE OR REPLACE TRIGGER rights_changed AFTER UPDATE ON auth_user FOR EACH ROW
  WHEN ((OLD.is_active, OLD.is_superuser) IS DISTINCT FROM (NEW.is_active, NEW.is_superuser))
  EXECUTE FUNCTION conversations_user_changed();
