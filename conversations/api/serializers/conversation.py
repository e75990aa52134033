"""Conversations in lists and by themselves."""

from rest_framework import serializers

from conversations.api.serializers.tag import ConversationTagSerializer
from conversations.lib.attachment_kinds import KINDS_BY_NAME
from conversations.models import Conversation, Platform


class ReferralSerializer(serializers.Serializer):
    """Only what Facebook tells is there."""

    source = serializers.CharField(  # type: ignore[assignment]  # DRF has an attribute of that name
        required=False, help_text="For example ADS or SHORTLINK"
    )
    type = serializers.CharField(required=False)
    ref = serializers.CharField(required=False, help_text="The text that the link has for this")
    ad_id = serializers.CharField(required=False)
    ad_title = serializers.CharField(required=False)
    post_id = serializers.CharField(required=False)


class AssigneeSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="User name")


class ConversationSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    page_id = serializers.CharField(help_text="Facebook ID of the Page")
    sender_id = serializers.CharField()
    sender_name = serializers.CharField()
    last_message = serializers.CharField()
    last_message_time = serializers.DateTimeField(allow_null=True)
    conversation_status = serializers.ChoiceField(choices=Conversation.Status.choices)
    message_count = serializers.IntegerField()
    unread_count = serializers.IntegerField(help_text="By the marks of users; without one Facebook's")
    platform = serializers.ChoiceField(choices=Platform.choices)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    seen_until = serializers.DateTimeField(
        allow_null=True, help_text="The customer has seen the messages of the Page up to then"
    )
    delivered_until = serializers.DateTimeField(allow_null=True, help_text="They were delivered up to then")
    referral = ReferralSerializer(
        allow_null=True, help_text="The newest advertisement or link that brought the customer"
    )
    last_message_from = serializers.ChoiceField(
        choices=["customer", "page"], allow_null=True, help_text="null: unknown"
    )
    attachment_kinds = serializers.ListField(
        child=serializers.ChoiceField(choices=list(KINDS_BY_NAME)),
        help_text="The kinds of attachments in all messages",
    )
    assignee = AssigneeSerializer(allow_null=True, help_text="Whose task it is; null: nobody")
    snoozed_until = serializers.DateTimeField(allow_null=True, help_text="null: it is not snoozed")
    conversation_tags = ConversationTagSerializer(many=True)

    def to_representation(self, row):
        return row  # search/rows.py builds it: a response may have 10,000


class ChangedConversationSerializer(serializers.Serializer):
    conversation = ConversationSerializer()
    act = serializers.UUIDField(
        allow_null=True, help_text="Operation ID in the events of this change; null if nothing changed"
    )
