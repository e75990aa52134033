-- Counters of conversations per Page and tag, and the table of untagged conversations.
--
-- Statement-level triggers with transition tables: one pass over the rows that a statement changed. Deletions
-- only update counters that exist, so the counters of a Page that is being deleted are not created again.

CREATE OR REPLACE FUNCTION conversations_count_conversations_on_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_untagged (conversation_id, page_id, last_message_time)
  SELECT id, page_id, last_message_time FROM new_rows;
  INSERT INTO conversations_pagecount AS counter (page_id, facets, conversations)
  SELECT page_id, facets, count(*) FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (page_id, facets) DO UPDATE SET conversations = counter.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_conversations_on_update() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_untagged AS copy
  SET page_id = new_rows.page_id, last_message_time = new_rows.last_message_time
  FROM new_rows JOIN old_rows USING (id)
  WHERE copy.conversation_id = id
    AND (new_rows.page_id, new_rows.last_message_time)
      IS DISTINCT FROM (old_rows.page_id, old_rows.last_message_time);
  INSERT INTO conversations_pagecount AS counter (page_id, facets, conversations)
  SELECT page_id, facets, sum(change) FROM (
    SELECT new_rows.page_id, new_rows.facets, 1 AS change FROM new_rows JOIN old_rows USING (id)
    WHERE (new_rows.page_id, new_rows.facets) IS DISTINCT FROM (old_rows.page_id, old_rows.facets)
    UNION ALL
    SELECT old_rows.page_id, old_rows.facets, -1 FROM new_rows JOIN old_rows USING (id)
    WHERE (new_rows.page_id, new_rows.facets) IS DISTINCT FROM (old_rows.page_id, old_rows.facets)
  ) AS changes GROUP BY 1, 2 HAVING sum(change) <> 0 ORDER BY 1, 2
  ON CONFLICT (page_id, facets) DO UPDATE SET conversations = counter.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_conversations_on_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_untagged AS copy USING old_rows WHERE copy.conversation_id = old_rows.id;
  UPDATE conversations_pagecount AS counter SET conversations = counter.conversations - deleted.number
  FROM (SELECT page_id, facets, count(*) AS number FROM old_rows GROUP BY 1, 2) AS deleted
  WHERE (counter.page_id, counter.facets) = (deleted.page_id, deleted.facets);
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_tags_on_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_untagged AS copy USING new_rows
  WHERE copy.conversation_id = new_rows.conversation_id;
  INSERT INTO conversations_tagcount AS counter (page_id, tag_id, conversations)
  SELECT page_id, tag_id, count(*) FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
  ON CONFLICT (page_id, tag_id) DO UPDATE SET conversations = counter.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_tags_on_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_tagcount AS counter SET conversations = counter.conversations - deleted.number
  FROM (SELECT page_id, tag_id, count(*) AS number FROM old_rows GROUP BY 1, 2) AS deleted
  WHERE (counter.page_id, counter.tag_id) = (deleted.page_id, deleted.tag_id);
  INSERT INTO conversations_untagged (conversation_id, page_id, last_message_time)
  SELECT row.id, row.page_id, row.last_message_time FROM conversations_conversation AS row
  WHERE row.id IN (SELECT conversation_id FROM old_rows)
    AND NOT EXISTS (SELECT FROM conversations_conversationtag AS remaining
                    WHERE remaining.conversation_id = row.id)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_untagged_on_insert() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO conversations_tagcount AS counter (page_id, tag_id, conversations)
  SELECT page_id, NULL, count(*) FROM new_rows GROUP BY 1 ORDER BY 1
  ON CONFLICT (page_id, tag_id) DO UPDATE SET conversations = counter.conversations + excluded.conversations;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION conversations_count_untagged_on_delete() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE conversations_tagcount AS counter SET conversations = counter.conversations - deleted.number
  FROM (SELECT page_id, count(*) AS number FROM old_rows GROUP BY 1) AS deleted
  WHERE counter.page_id = deleted.page_id AND counter.tag_id IS NULL;
  RETURN NULL;
END $$;

-- The last step of deleting a Page: its counters, which the triggers on the deleted rows may have written.
CREATE OR REPLACE FUNCTION conversations_delete_counters_of_page() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
  DELETE FROM conversations_pagecount WHERE page_id IN (SELECT id FROM old_rows);
  DELETE FROM conversations_tagcount WHERE page_id IN (SELECT id FROM old_rows);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER count_conversations_on_insert AFTER INSERT ON conversations_conversation
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_conversations_on_insert();
CREATE OR REPLACE TRIGGER count_conversations_on_update AFTER UPDATE ON conversations_conversation
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_conversations_on_update();
CREATE OR REPLACE TRIGGER count_conversations_on_delete AFTER DELETE ON conversations_conversation
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_conversations_on_delete();
CREATE OR REPLACE TRIGGER count_tags_on_insert AFTER INSERT ON conversations_conversationtag
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_tags_on_insert();
CREATE OR REPLACE TRIGGER count_tags_on_delete AFTER DELETE ON conversations_conversationtag
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_tags_on_delete();
CREATE OR REPLACE TRIGGER count_untagged_on_insert AFTER INSERT ON conversations_untagged
  REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_untagged_on_insert();
CREATE OR REPLACE TRIGGER count_untagged_on_delete AFTER DELETE ON conversations_untagged
  REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_count_untagged_on_delete();
CREATE OR REPLACE TRIGGER delete_counters_of_page AFTER DELETE ON conversations_page REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION conversations_delete_counters_of_page();
