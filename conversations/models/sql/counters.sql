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
