-- A small database of the replaced application with its odd rows. All people and IDs are invented.
CREATE TABLE users (
  id uuid PRIMARY KEY, facebook_id text UNIQUE NOT NULL, name text NOT NULL, email text, facebook_access_token text
);
CREATE TABLE facebook_pages (
  id uuid PRIMARY KEY, facebook_page_id text NOT NULL, user_id uuid NOT NULL REFERENCES users, name text NOT NULL,
  access_token text NOT NULL, is_active boolean DEFAULT true, UNIQUE (user_id, facebook_page_id)
);
CREATE TABLE messenger_conversations (
  id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, page_id text NOT NULL, sender_id text NOT NULL,
  sender_name text, last_message text, last_message_time timestamptz NOT NULL,
  conversation_status text NOT NULL DEFAULT 'active', message_count integer DEFAULT 1,
  created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now(), version integer DEFAULT 0,
  UNIQUE (user_id, page_id, sender_id)
);
CREATE TABLE tags (
  id uuid PRIMARY KEY, name text NOT NULL, color text NOT NULL DEFAULT '#6366f1', created_by uuid REFERENCES users,
  created_at timestamptz DEFAULT '2025-10-01 08:00+00', UNIQUE (created_by, name)
);
CREATE TABLE conversation_tags (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), conversation_id uuid NOT NULL REFERENCES messenger_conversations,
  tag_id uuid NOT NULL REFERENCES tags, created_at timestamptz DEFAULT now(), UNIQUE (conversation_id, tag_id)
);
CREATE TABLE contact_interaction_events (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid NOT NULL REFERENCES users,
  conversation_id uuid NOT NULL REFERENCES messenger_conversations, sender_id text NOT NULL, event_type text NOT NULL,
  event_timestamp timestamptz NOT NULL, message_id uuid, is_outbound boolean NOT NULL DEFAULT true,
  is_success boolean NOT NULL DEFAULT false, metadata jsonb, created_at timestamptz DEFAULT now()
);
CREATE TABLE pipeline_stages (
  id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users, name text NOT NULL, color text NOT NULL DEFAULT '#3b82f6',
  created_at timestamptz DEFAULT now()
);
CREATE TABLE pipeline_opportunities (
  id uuid PRIMARY KEY, user_id uuid NOT NULL REFERENCES users,
  conversation_id uuid NOT NULL REFERENCES messenger_conversations, stage_id uuid NOT NULL REFERENCES pipeline_stages,
  sender_id text NOT NULL, manually_assigned boolean DEFAULT false, manually_assigned_at timestamptz, notes text,
  created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now()
);
ALTER TABLE messenger_conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversation_tags ENABLE ROW LEVEL SECURITY;

INSERT INTO users VALUES
  ('10000000-0000-4000-8000-000000000001', '11', 'Ida', 'ida@example.org', 'EAAB-secret-of-ida'),
  ('10000000-0000-4000-8000-000000000002', '12', 'Ole', NULL, NULL);
-- One Page with a row for each of two users, and one that is inactive.
INSERT INTO facebook_pages VALUES
  ('A0000000-0000-4000-8000-000000000001', '900000000000001', '10000000-0000-4000-8000-000000000001', 'Demo Shop', 'EAAB-secret-1', true),
  ('a0000000-0000-4000-8000-000000000002', '900000000000001', '10000000-0000-4000-8000-000000000002', 'Old name', 'EAAB-secret-2', true),
  ('a0000000-0000-4000-8000-000000000003', '900000000000002', '10000000-0000-4000-8000-000000000001', 'Closed', 'EAAB-secret-3', false);
INSERT INTO messenger_conversations
  (id, user_id, page_id, sender_id, sender_name, last_message, last_message_time, conversation_status, created_at, updated_at) VALUES
  -- one person under both users, with two names
  ('c0000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', '900000000000001', '6100000000000001',
   'Zoë König', NULL, '2025-11-10 07:59:58+00', 'active', '2025-10-24 10:00+00', '2025-11-10 08:00+00'),
  ('c0000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000002', '900000000000001', '6100000000000001',
   'Zoë K.', E'Back\\slash,\ta tab and\n"a line"', '2025-11-09 20:00:00.417+00', 'active', '2025-10-24 11:00+00', '2025-11-09 20:00+00'),
  ('c0000000-0000-4000-8000-000000000003', '10000000-0000-4000-8000-000000000001', '900000000000001', '6100000000000002',
   'Facebook User', 'hello', '2025-11-10 06:00+00', 'active', '2025-11-01 06:00+00', '2025-11-10 08:00+00'),
  ('c0000000-0000-4000-8000-000000000004', '10000000-0000-4000-8000-000000000001', '900000000000001', '6100000000000003',
   NULL, '', '2025-09-01 00:00+00', 'blocked', '2025-10-24 10:00+00', '2025-10-24 10:00+00'),
  -- self-tests
  ('c0000000-0000-4000-8000-000000000005', '10000000-0000-4000-8000-000000000001', '900000000000001', 'TEST_BROWSE_001',
   'John', 'just curious', '2025-11-09 22:00+00', 'active', '2025-11-09 22:00+00', '2025-11-09 22:00+00'),
  ('c0000000-0000-4000-8000-000000000006', '10000000-0000-4000-8000-000000000001', 'test_1762700000000', 'test_1762700000000',
   'Test', 'Test', '2025-11-09 22:00+00', 'active', '2025-11-09 22:00+00', '2025-11-09 22:00+00'),
  -- the key of the Page's row instead of Facebook's ID
  ('c0000000-0000-4000-8000-000000000007', '10000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001',
   '6100000000000004', ' Mia ', NULL, '2025-10-30 12:00+00', 'inactive', '2025-10-30 12:00+00', '2025-10-30 12:00+00'),
  -- a Page without a row
  ('c0000000-0000-4000-8000-000000000008', '10000000-0000-4000-8000-000000000001', '900000000000009', '6100000000000005',
   'Lost', NULL, '2025-10-30 12:00+00', 'active', '2025-10-30 12:00+00', '2025-10-30 12:00+00'),
  ('c0000000-0000-4000-8000-000000000009', '10000000-0000-4000-8000-000000000001', '900000000000002', '6200000000000001',
   'Ana Santos', NULL, '2025-11-10 08:00:03.339+00', 'active', '2025-11-10 08:00:03.4+00', '2025-11-10 08:00:03.4+00'),
  -- the Page itself
  ('c0000000-0000-4000-8000-00000000000a', '10000000-0000-4000-8000-000000000001', '900000000000001', '900000000000001',
   'Demo Shop', NULL, '2025-10-30 12:00+00', 'active', '2025-10-30 12:00+00', '2025-10-30 12:00+00');
INSERT INTO tags (id, name, color, created_by) VALUES
  ('f0000000-0000-4000-8000-000000000001', 'VIP', 'purple', '10000000-0000-4000-8000-000000000001'),
  ('f0000000-0000-4000-8000-000000000002', 'vip', '#8B5CF6', '10000000-0000-4000-8000-000000000001'),
  ('f0000000-0000-4000-8000-000000000003', 'VIP', '#EF4444', '10000000-0000-4000-8000-000000000002'),
  ('f0000000-0000-4000-8000-000000000004', 'Follow Up ', 'orange', '10000000-0000-4000-8000-000000000001'),
  ('f0000000-0000-4000-8000-000000000005', 'never used', '#3B82F6', '10000000-0000-4000-8000-000000000001');
INSERT INTO conversation_tags (id, conversation_id, tag_id, created_at) VALUES
  ('70000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000001', '2025-11-01 09:00+00'),
  ('70000000-0000-4000-8000-000000000002', 'c0000000-0000-4000-8000-000000000001', 'f0000000-0000-4000-8000-000000000002', '2025-11-02 09:00+00'),
  ('70000000-0000-4000-8000-000000000003', 'c0000000-0000-4000-8000-000000000002', 'f0000000-0000-4000-8000-000000000003', '2025-11-03 09:00+00'),
  ('70000000-0000-4000-8000-000000000004', 'c0000000-0000-4000-8000-000000000003', 'f0000000-0000-4000-8000-000000000004', '2025-11-03 09:00+00'),
  ('70000000-0000-4000-8000-000000000005', 'c0000000-0000-4000-8000-000000000005', 'f0000000-0000-4000-8000-000000000001', '2025-11-09 22:00+00');
INSERT INTO contact_interaction_events (user_id, conversation_id, sender_id, event_type, event_timestamp, is_outbound, metadata)
SELECT ('10000000-0000-4000-8000-00000000000' || who)::uuid, ('c0000000-0000-4000-8000-00000000000' || owner)::uuid, sender, type,
  time::timestamptz, is_outbound, metadata::jsonb
FROM (VALUES
  (1, 1, '6100000000000001', 'message_replied', '2025-11-10 07:59:58+00', false, '{"source": "initial_sync", "message_id": "m_1"}'),
  (1, 1, '6100000000000001', 'message_replied', '2025-11-10 07:59:58+00', false, '{"source": "initial_sync", "message_id": "m_1"}'),
  (1, 1, '6100000000000001', 'message_sent', '2025-11-10 07:40:00+00', true, '{"source": "sync", "message_id": "m_2"}'),
  (2, 2, '6100000000000001', 'message_sent', '2025-11-10 07:40:00+00', true, '{"source": "initial_sync", "message_id": "m_2"}'),
  (1, 1, '6100000000000001', 'message_replied', '2025-10-24 09:00:00+00', false, '{"source": "initial_sync"}'),
  (1, 3, '6100000000000002', 'message_replied', '2025-11-10 06:00:00+00', false, '{"source": "optimized_sync", "message_id": ""}'),
  (1, 4, '6100000000000003', 'message_replied', '2025-09-01 00:00:00+00', false, '{"source": "initial_sync_fallback"}'),
  (1, 3, '6100000000000002', 'message_sent', '2025-10-12 14:37:00+00', true, '{"seeded": true, "pattern": "high"}'),
  (1, 3, '6100000000000002', 'message_clicked', '2025-10-13 14:05:00+00', false, '{"seeded": true, "pattern": "high"}'),
  (1, 5, 'TEST_BROWSE_001', 'message_opened', '2025-10-13 14:05:00+00', false, '{"test": true, "scenario": "morning"}'),
  (1, 1, '6100000000000001', 'message_sent', '2025-11-08 12:00:00.5+00', true, NULL)
) AS events(who, owner, sender, type, time, is_outbound, metadata);
INSERT INTO pipeline_stages (id, user_id, name) VALUES
  ('50000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'Negotiation');
INSERT INTO pipeline_opportunities
  (id, user_id, conversation_id, stage_id, sender_id, manually_assigned, manually_assigned_at, notes, created_at, updated_at) VALUES
  ('b0000000-0000-4000-8000-000000000001', '10000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000001',
   '50000000-0000-4000-8000-000000000001', '6100000000000001', true, '2025-11-05 10:00+00', E'Wants blue.\nCall on Friday.',
   '2025-11-04 10:00+00', '2025-11-05 10:00+00'),
  -- the stage was chosen by the application
  ('b0000000-0000-4000-8000-000000000002', '10000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000003',
   '50000000-0000-4000-8000-000000000001', '6100000000000002', false, NULL, NULL, '2025-11-04 10:00+00', '2025-11-05 10:00+00');
