-- The tables of the replaced application, for its versions in Python and in Node.
CREATE TABLE IF NOT EXISTS messenger_conversations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    page_id text NOT NULL,
    sender_id text NOT NULL,
    sender_name text,
    last_message text,
    last_message_time timestamptz,
    message_count integer,
    unread_count integer,
    can_reply boolean,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (page_id, sender_id)
);
CREATE INDEX IF NOT EXISTS newest_first
    ON messenger_conversations (page_id, last_message_time DESC NULLS LAST, id DESC);
CREATE TABLE IF NOT EXISTS contact_interaction_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    conversation_id bigint NOT NULL REFERENCES messenger_conversations,
    kind text NOT NULL,
    graph_id text,
    occurred_at timestamptz NOT NULL,
    text text NOT NULL,
    attachments jsonb NOT NULL,
    data jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS of_conversation
    ON contact_interaction_events (conversation_id, occurred_at DESC);
