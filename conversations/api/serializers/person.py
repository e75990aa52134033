"""The person of a conversation."""

from rest_framework import serializers

from conversations.api.serializers.conversation import ConversationSerializer


class PersonCountsSerializer(serializers.Serializer):
    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()
    history = serializers.IntegerField(help_text="Events of actions by staff")
    tags = serializers.IntegerField()
    threads = serializers.IntegerField(help_text="Emptied: their Facebook IDs stay in the sync ledger")


class ContactSerializer(serializers.Serializer):
    name = serializers.CharField()
    ids = serializers.ListField(
        child=serializers.CharField(), help_text="All Facebook IDs of the person, that of the list first"
    )
    graph_id = serializers.CharField(help_text="Facebook ID of the conversation; may be empty")
    can_reply = serializers.BooleanField(help_text="As Facebook last said")
    referral = serializers.DictField(allow_null=True, help_text="As in the list")
    first_message_time = serializers.DateTimeField(allow_null=True, help_text="Of the stored messages")
    last_message_time = serializers.DateTimeField(allow_null=True)
    received = serializers.IntegerField(help_text="Stored messages of the customer")
    sent = serializers.IntegerField(help_text="Stored messages of the Page")
    unknown = serializers.IntegerField(
        help_text="Stored messages of which Facebook does not say who wrote them"
    )
    similar = ConversationSerializer(
        many=True, help_text="Conversations whose customer has the same name: maybe the same person"
    )
