-- name: save_live
-- What customers have seen and taken back, and what brought them: columns that no sync writes.
UPDATE conversations_conversation AS conversation
SET seen_until = live.seen_until, delivered_until = live.delivered_until, unsent_at = live.unsent_at,
  referral = live.referral, referred_at = live.referred_at, ad_id = live.ad_id
FROM json_to_recordset(%(rows)s::json) AS live (
  id bigint, seen_until timestamptz, delivered_until timestamptz, unsent_at timestamptz, referral jsonb,
  referred_at timestamptz, ad_id text
)
WHERE conversation.id = live.id
