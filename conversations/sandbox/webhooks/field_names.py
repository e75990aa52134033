"""The fields to which a Page and an app can be subscribed, in version 26."""

PAGE_FIELDS = (
    "messages",
    "message_echoes",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
    "messaging_postbacks",
    "messaging_referrals",
    "messaging_handovers",
    "standby",
    "inbox_labels",
    "messaging_policy_enforcement",
    "messaging_optins",
    "messaging_feedback",
    "message_context",
    "feed",
)
INSTAGRAM_FIELDS = (
    "messages",
    "message_edit",
    "message_reactions",
    "messaging_postbacks",
    "messaging_referral",
    "messaging_seen",
    "messaging_optins",
    "standby",
    "comments",
    "live_comments",
    "mentions",
    "story_insights",
)
APP_FIELDS: dict[str, tuple[str, ...]] = {
    "page": PAGE_FIELDS,
    "instagram": INSTAGRAM_FIELDS,
    "permissions": ("connected", "pages_messaging", "pages_manage_metadata", "instagram_manage_messages"),
    "user": ("name", "email"),
}
