-- The views of the schema `reporting`, and what their columns mean: docs/data.md shows these comments. No column holds a
-- token or another secret, and whoever is deleted is in none of them. `reporting_schema.py` drops and makes them.

CREATE VIEW reporting.pages AS
SELECT id, facebook_page_id, name,
  ARRAY(SELECT jsonb_array_elements_text(platforms)) AS platforms,
  nullif(instagram_account_id, '') AS instagram_account_id, nullif(instagram_username, '') AS instagram_username,
  state, live_state, last_synced_at, last_full_sync_at, last_delivery_at, kept_from, created_at
FROM conversations_page;

COMMENT ON VIEW reporting.pages IS 'Facebook Pages.';
COMMENT ON COLUMN reporting.pages.id IS 'Our ID of the Page, page_id in the other views.';
COMMENT ON COLUMN reporting.pages.facebook_page_id IS 'The Facebook ID of the Page.';
COMMENT ON COLUMN reporting.pages.name IS 'The name in Inbox.';
COMMENT ON COLUMN reporting.pages.platforms IS 'messenger, instagram, or both.';
COMMENT ON COLUMN reporting.pages.instagram_account_id IS 'The linked account on Instagram; null: none.';
COMMENT ON COLUMN reporting.pages.instagram_username IS 'Its name.';
COMMENT ON COLUMN reporting.pages.state IS 'connected, or reconnect: somebody must connect the Page again.';
COMMENT ON COLUMN reporting.pages.live_state IS 'Webhooks: off, subscribed, silent or lost.';
COMMENT ON COLUMN reporting.pages.last_synced_at IS 'When a sync last completed.';
COMMENT ON COLUMN reporting.pages.last_full_sync_at IS 'When a full sync last completed.';
COMMENT ON COLUMN reporting.pages.last_delivery_at IS 'When the newest webhook arrived.';
COMMENT ON COLUMN reporting.pages.kept_from IS 'Messages of before then were erased (RETENTION_DAYS); null: none.';
COMMENT ON COLUMN reporting.pages.created_at IS 'When Inbox first stored the Page.';

CREATE VIEW reporting.conversations AS
SELECT conversation.id, conversation.page_id, platform, sender_id, nullif(sender_name, '') AS sender_name,
  nullif(conversation.graph_id, '') AS graph_id, last_message, last_message_time,
  CASE last_message_kind WHEN 'message_received' THEN 'customer' WHEN 'message_sent' THEN 'page' END AS last_message_from,
  message_count, unread_count, can_reply, conversation_status, account.username AS assignee, snoozed_until,
  seen_until, delivered_until, ad_id, referral->>'source' AS referral_source, referral->>'ad_title' AS ad_title, referred_at,
  conversation.created_at, conversation.updated_at
FROM conversations_conversation AS conversation LEFT JOIN auth_user AS account ON account.id = conversation.assignee_id;

COMMENT ON VIEW reporting.conversations IS 'All that a Page and one person wrote to each other: one row for each person.';
COMMENT ON COLUMN reporting.conversations.id IS 'Our ID, as in REST and in addresses of Inbox.';
COMMENT ON COLUMN reporting.conversations.page_id IS 'The Page: pages.id.';
COMMENT ON COLUMN reporting.conversations.platform IS 'messenger or instagram.';
COMMENT ON COLUMN reporting.conversations.sender_id IS 'The customer''s ID for this Page (PSID or IGSID); archive:… of a person whom only an archive has.';
COMMENT ON COLUMN reporting.conversations.sender_name IS 'The customer''s name; null: unknown.';
COMMENT ON COLUMN reporting.conversations.graph_id IS 'The Facebook ID of the newest thread; null: no sync has shown one.';
COMMENT ON COLUMN reporting.conversations.last_message IS 'The text of the newest message.';
COMMENT ON COLUMN reporting.conversations.last_message_time IS 'Its time.';
COMMENT ON COLUMN reporting.conversations.last_message_from IS 'customer or page; null: unknown.';
COMMENT ON COLUMN reporting.conversations.message_count IS 'Facebook''s number of messages, an estimate. Count messages for an exact one.';
COMMENT ON COLUMN reporting.conversations.unread_count IS 'Unread messages, as Inbox shows them.';
COMMENT ON COLUMN reporting.conversations.can_reply IS 'Whether Facebook lets the Page reply.';
COMMENT ON COLUMN reporting.conversations.conversation_status IS 'active (Open) or done.';
COMMENT ON COLUMN reporting.conversations.assignee IS 'The user to whom it is assigned; null: nobody.';
COMMENT ON COLUMN reporting.conversations.snoozed_until IS 'Until when it is put aside; null: it is not.';
COMMENT ON COLUMN reporting.conversations.seen_until IS 'The customer has seen our messages up to then; null: unknown.';
COMMENT ON COLUMN reporting.conversations.delivered_until IS 'Our messages were delivered up to then; null: unknown.';
COMMENT ON COLUMN reporting.conversations.ad_id IS 'The newest advertisement that brought the customer; null: none.';
COMMENT ON COLUMN reporting.conversations.referral_source IS 'What brought the customer last, such as ADS or SHORTLINK; null: unknown.';
COMMENT ON COLUMN reporting.conversations.ad_title IS 'The title of that advertisement.';
COMMENT ON COLUMN reporting.conversations.referred_at IS 'When it brought the customer.';
COMMENT ON COLUMN reporting.conversations.created_at IS 'When Inbox first stored the conversation.';
COMMENT ON COLUMN reporting.conversations.updated_at IS 'When its row last changed.';

-- A barrier, because events hold notes of staff too: no function or cast in a question gets to see what the view leaves out.
-- The outer join costs nothing where its columns are not asked for.
CREATE VIEW reporting.messages WITH (security_barrier) AS
SELECT event.id, event.conversation_id, conversation.page_id, conversation.platform,
  CASE event.kind WHEN 'message_received' THEN 'customer' WHEN 'message_sent' THEN 'page' END AS sender,
  event.occurred_at, coalesce(event.data->>'time', '') <> 'unknown' AS is_time_known, event.text,
  CASE WHEN jsonb_typeof(event.attachments) = 'array' THEN jsonb_array_length(event.attachments) ELSE 0 END AS attachment_count,
  CASE WHEN jsonb_typeof(event.data->'reactions') = 'array' THEN jsonb_array_length(event.data->'reactions') ELSE 0 END
    AS reaction_count,
  event.data ? 'deleted' AS is_unsent, event.data ? 'edited' AS is_edited,
  event.data->'postback'->>'title' AS postback_title, event.graph_id IS NULL AS is_from_archive, event.graph_id,
  event.rank AS place_in_second
FROM conversations_interactionevent AS event
LEFT JOIN conversations_conversation AS conversation ON conversation.id = event.conversation_id
WHERE event.kind IN ('message_received', 'message_sent', 'message_unknown') AND NOT event.data ? 'stub';

COMMENT ON VIEW reporting.messages IS 'Messages of customers and of the Page. Without notes and actions of staff, and without messages of which only the time is known.';
COMMENT ON COLUMN reporting.messages.id IS 'Our ID.';
COMMENT ON COLUMN reporting.messages.conversation_id IS 'The conversation: conversations.id.';
COMMENT ON COLUMN reporting.messages.page_id IS 'The Page: pages.id.';
COMMENT ON COLUMN reporting.messages.platform IS 'messenger or instagram.';
COMMENT ON COLUMN reporting.messages.sender IS 'customer or page; null: Facebook does not say.';
COMMENT ON COLUMN reporting.messages.occurred_at IS 'When it was written.';
COMMENT ON COLUMN reporting.messages.is_time_known IS 'Whether Facebook tells that time; else it is that of the message before.';
COMMENT ON COLUMN reporting.messages.text IS 'The text; empty: none, or unsent.';
COMMENT ON COLUMN reporting.messages.attachment_count IS 'Pictures, files and the like.';
COMMENT ON COLUMN reporting.messages.reaction_count IS 'Reactions to it, such as a heart.';
COMMENT ON COLUMN reporting.messages.is_unsent IS 'Whether its sender has deleted it for everybody.';
COMMENT ON COLUMN reporting.messages.is_edited IS 'Whether its sender has changed it.';
COMMENT ON COLUMN reporting.messages.postback_title IS 'The button that the customer tapped; null: it is no tap.';
COMMENT ON COLUMN reporting.messages.is_from_archive IS 'Whether only an imported archive has it: Facebook has not shown it.';
COMMENT ON COLUMN reporting.messages.graph_id IS 'The Facebook ID of the message; null: only an archive has it.';
COMMENT ON COLUMN reporting.messages.place_in_second IS 'Of messages in the same second, the higher is the newer.';

CREATE VIEW reporting.tags AS SELECT id, name, slug, color FROM tags_tag;

COMMENT ON VIEW reporting.tags IS 'Tags, which all Pages share.';
COMMENT ON COLUMN reporting.tags.id IS 'Our ID.';
COMMENT ON COLUMN reporting.tags.name IS 'The name.';
COMMENT ON COLUMN reporting.tags.slug IS 'The name in addresses; it stays when the tag is renamed.';
COMMENT ON COLUMN reporting.tags.color IS 'Such as #1f7a8c.';

CREATE VIEW reporting.conversation_tags AS
SELECT tagged.conversation_id, tagged.tag_id, tagged.page_id, tagged.created_at AS tagged_at, account.username AS tagged_by
FROM conversations_conversationtag AS tagged LEFT JOIN auth_user AS account ON account.id = tagged.actor_id;

COMMENT ON VIEW reporting.conversation_tags IS 'Which conversations have which tags.';
COMMENT ON COLUMN reporting.conversation_tags.conversation_id IS 'The conversation: conversations.id.';
COMMENT ON COLUMN reporting.conversation_tags.tag_id IS 'The tag: tags.id.';
COMMENT ON COLUMN reporting.conversation_tags.page_id IS 'The Page: pages.id.';
COMMENT ON COLUMN reporting.conversation_tags.tagged_at IS 'Since when.';
COMMENT ON COLUMN reporting.conversation_tags.tagged_by IS 'The user who added it; null: nobody here.';

CREATE VIEW reporting.sync_runs AS
SELECT id, page_id, mode, trigger, status, nullif(fault, '') AS fault, inserted, updated, unchanged, skipped, owed, total,
  events_created, requests, created_at, started_at, ended_at, extract(epoch FROM ended_at - started_at)::float8 AS seconds
FROM conversations_syncrun;

COMMENT ON VIEW reporting.sync_runs IS 'Syncs, each once.';
COMMENT ON COLUMN reporting.sync_runs.id IS 'Our ID.';
COMMENT ON COLUMN reporting.sync_runs.page_id IS 'The Page: pages.id.';
COMMENT ON COLUMN reporting.sync_runs.mode IS 'full or incremental.';
COMMENT ON COLUMN reporting.sync_runs.trigger IS 'Where it was requested, such as schedule.';
COMMENT ON COLUMN reporting.sync_runs.status IS 'complete, complete_with_errors, error, interrupted, cancelled, or that of a run in progress.';
COMMENT ON COLUMN reporting.sync_runs.fault IS 'Who must act after an error: owner, facebook or inbox; null: nobody.';
COMMENT ON COLUMN reporting.sync_runs.inserted IS 'Threads that became new conversations.';
COMMENT ON COLUMN reporting.sync_runs.updated IS 'Threads that changed.';
COMMENT ON COLUMN reporting.sync_runs.unchanged IS 'Threads that did not.';
COMMENT ON COLUMN reporting.sync_runs.skipped IS 'Threads that cannot be read.';
COMMENT ON COLUMN reporting.sync_runs.owed IS 'Threads that the next run reads.';
COMMENT ON COLUMN reporting.sync_runs.total IS 'Threads that were listed.';
COMMENT ON COLUMN reporting.sync_runs.events_created IS 'New messages.';
COMMENT ON COLUMN reporting.sync_runs.requests IS 'Calls of the Graph API.';
COMMENT ON COLUMN reporting.sync_runs.created_at IS 'When it was requested.';
COMMENT ON COLUMN reporting.sync_runs.started_at IS 'When it began; null: it has not.';
COMMENT ON COLUMN reporting.sync_runs.ended_at IS 'When it ended; null: it has not.';
COMMENT ON COLUMN reporting.sync_runs.seconds IS 'How long it took; null: it has not ended.';
