"""Serializers of the events of a conversation."""

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.lib.attachments import KINDS, Attachment, attachments_of
from conversations.models import InteractionEvent


class AttachmentSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(help_text="Name, title or explanation; may be empty")
    url = serializers.CharField(allow_null=True, help_text="Never expires; null if Facebook provides no link")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes; null if unknown")


class EventSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(allow_null=True, help_text="Facebook ID of the message")
    text = serializers.CharField()
    attachments = serializers.ListField(child=serializers.DictField(), help_text="As Facebook sent them")
    display_attachments = serializers.SerializerMethodField(
        help_text="What to show of a message beside its text: attachments, sticker, shares and story"
    )
    data = serializers.DictField(  # type: ignore[assignment]  # DRF has a property of that name
        source="full_data", help_text="Details, for example id, name and act of a tag"
    )
    actor = serializers.CharField(
        source="actor.username", default=None, allow_null=True, help_text="User who did it"
    )

    class Meta:
        model = InteractionEvent
        fields = [
            "id",
            "kind",
            "graph_id",
            "occurred_at",
            "text",
            "attachments",
            "display_attachments",
            "data",
            "actor",
        ]

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_display_attachments(self, event) -> list[dict]:
        if not event.kind.startswith("message_"):
            return []
        attachments = attachments_of(event.attachments, event.data, event.text)
        return [as_json(event, index, attachment) for index, attachment in enumerate(attachments)]


def as_json(event: InteractionEvent, index: int, attachment: Attachment) -> dict:
    url = attachment_url(event, index, attachment)
    return {"kind": attachment.kind, "name": attachment.name, "url": url, "size": attachment.size}


def attachment_url(event: InteractionEvent, index: int, attachment: Attachment) -> str | None:
    """Return a URL that keeps working: instead of one that expires, the route that fetches a current one."""
    if attachment.address and attachment.expires:
        return reverse("attachment", args=[event.conversation_id, event.pk, index])
    return attachment.address or None
