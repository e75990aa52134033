"""Serializers of the events of a conversation."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.lib.attachments import KINDS
from conversations.media.display import SHOWN_AS, Displayed, displayed
from conversations.models import InteractionEvent
from conversations.models.webhooks import names_of_apps


class AttachmentSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(help_text="Name, title or explanation; may be empty")
    url = serializers.CharField(allow_null=True, help_text="Never expires; null if Facebook provides no link")
    size = serializers.IntegerField(allow_null=True, help_text="Bytes; null if unknown")
    show = serializers.ChoiceField(choices=SHOWN_AS, help_text="How to show it; text: by its name alone")
    content = serializers.CharField(
        allow_null=True, help_text="Where this host sends the file itself; null if it does not"
    )
    preview = serializers.CharField(
        allow_null=True, help_text="Likewise a small picture: of a video, a card, or the picture itself"
    )
    width = serializers.IntegerField(allow_null=True, help_text="Pixels; null if unknown")
    height = serializers.IntegerField(allow_null=True)
    title = serializers.CharField(help_text="Of a card or link, where `name` says more; may be empty")
    subtitle = serializers.CharField(help_text="Of a card or link; may be empty")


def optional(kind: str, description: str, **more) -> dict:
    return {"type": kind, "description": description, **more}


REFERRAL = optional(
    "object",
    "The advertisement or link that brought the customer: what Facebook tells of it",
    properties={
        name: {"type": "string"} for name in ("source", "type", "ref", "ad_id", "ad_title", "post_id")
    },
)
REACTION = {
    "type": "object",
    "properties": {
        "actor": {"type": "string", "enum": ["customer", "page"]},
        "reaction": {"type": "string"},
        "emoji": {"type": "string"},
    },
}
POSTBACK = {name: {"type": "string"} for name in ("title", "payload")}
# What webhooks and lists tell beside the text; a message has further members as Facebook sent them.
DATA_SCHEMA = {
    "type": "object",
    "description": "Details, for example id, name and act of a tag",
    "properties": {
        "deleted": optional("boolean", "The message was unsent: its text and attachments are gone"),
        "edited": optional("integer", "How often the message was edited"),
        "reactions": optional("array", "One of the customer and one of the Page at most", items=REACTION),
        "reply_to": optional("string", "Facebook ID of the quoted message"),
        "postback": optional("object", "The button that the customer tapped", properties=POSTBACK),
        "referral": REFERRAL,
        "stub": optional("boolean", "Something is known of this message, but not the message yet"),
    },
    "additionalProperties": {},
}


@extend_schema_field(DATA_SCHEMA)
class DataField(serializers.DictField):
    pass


class EventSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(allow_null=True, help_text="Facebook ID of the message")
    text = serializers.CharField()
    attachments = serializers.ListField(child=serializers.DictField(), help_text="As Facebook sent them")
    display_attachments = serializers.SerializerMethodField(
        help_text="What to show of a message beside its text: attachments, sticker, shares and story"
    )
    data = DataField(source="full_data")  # type: ignore[assignment]  # DRF has a property of that name
    actor = serializers.CharField(
        source="actor.username", default=None, allow_null=True, help_text="User who did it"
    )

    app = serializers.SerializerMethodField(
        help_text="Of a message of the Page: the application that sent it, by its name, or its ID if Facebook"
        " does not tell the name; null: Inbox itself, or unknown"
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
            "app",
        ]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_app(self, event) -> str | None:
        app_id = app_id_of(event)
        names = self.context.get("apps", {})
        return names.get(app_id, app_id) if app_id else None

    @extend_schema_field(AttachmentSerializer(many=True))
    def get_display_attachments(self, event) -> list[dict]:
        if not event.kind.startswith("message_"):
            return []
        return list(map(as_json, displayed(event)))


def app_id_of(event: InteractionEvent) -> str:
    """Return the application that sent a message of the Page; "" if it is Inbox, or is not known."""
    app_id = str(event.data.get("app_id") or "")
    is_ours = event.actor_id is not None or app_id == settings.FACEBOOK_APP_ID
    return "" if is_ours or event.kind != InteractionEvent.Kind.MESSAGE_SENT else app_id


def events_as_json(events: Iterable[InteractionEvent]) -> list[dict]:
    """Return the events of a response, with the names of applications read at once."""
    rows = list(events)
    apps = names_of_apps(filter(None, map(app_id_of, rows)))
    many: Any = EventSerializer(rows, many=True, context={"apps": apps})
    return many.data


def as_json(shown: Displayed) -> dict:
    attachment = shown.attachment
    own = ("kind", "name", "size", "width", "height", "title", "subtitle")
    return {name: getattr(attachment, name) for name in own} | {
        "url": shown.url,
        "show": shown.show,
        "content": shown.content,
        "preview": shown.preview,
    }
