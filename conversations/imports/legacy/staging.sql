-- name: drop_tables
DROP TABLE IF EXISTS legacy_conversation, legacy_tagging, legacy_opportunity, legacy_event, legacy_page, legacy_tag,
  legacy_group, legacy_person, legacy_copy, legacy_known, legacy_decided, legacy_new_tag, legacy_new_message,
  legacy_new_note, legacy_slice

-- name: create_tables
-- The rows of the old tables, which belong to this connection alone.
CREATE TEMPORARY TABLE legacy_conversation (
  id text, page_key text, sender_id text, name text, is_named boolean, folded_name text, last_message text,
  folded_message text, last_message_time timestamptz, is_blocked boolean, seen_at timestamptz, problem text
);
CREATE TEMPORARY TABLE legacy_tagging (id text, conversation text, tag text, created_at timestamptz);
CREATE TEMPORARY TABLE legacy_opportunity (
  id text, conversation text, stage text, stage_at timestamptz, notes text, written_at timestamptz
);
CREATE TEMPORARY TABLE legacy_event (
  id text, conversation text, event_type text, graph_id text, occurred_at timestamptz, kind text
);
-- Our Page of each Page of the old rows.
CREATE TEMPORARY TABLE legacy_page (page_key text PRIMARY KEY, page_id bigint, business_ids text[]);
-- The group of each tag, and our tag of each group.
CREATE TEMPORARY TABLE legacy_tag (key text PRIMARY KEY, group_number integer);
CREATE TEMPORARY TABLE legacy_group (number integer PRIMARY KEY, tag_id bigint);
CREATE TEMPORARY TABLE legacy_slice (person bigint, conversation_id bigint)

-- name: spread_rows
-- What other rows say becomes tags: that somebody is blocked, and the stage that a person chose.
INSERT INTO legacy_tagging
SELECT id, id, 'blocked', coalesce(seen_at, last_message_time) FROM legacy_conversation WHERE is_blocked
UNION ALL SELECT id, conversation, stage, stage_at FROM legacy_opportunity WHERE stage IS NOT NULL

-- name: page_keys
SELECT DISTINCT page_key FROM legacy_conversation WHERE problem IS NULL

-- name: mark_problems
-- Why conversations stay out: their Page is unknown, or their person is the Page itself.
UPDATE legacy_conversation AS row SET problem = CASE WHEN page.page_id IS NULL THEN 'unknown_page' ELSE 'business' END
FROM legacy_page AS page
WHERE page.page_key = row.page_key AND row.problem IS NULL
  AND (page.page_id IS NULL OR row.sender_id = ANY(page.business_ids))

-- name: index_rows
CREATE INDEX ON legacy_conversation (id);
ANALYZE legacy_conversation, legacy_tagging, legacy_opportunity, legacy_event, legacy_page, legacy_tag, legacy_group
