"""Bodies and responses of answers to customers."""

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversations.api.request_serializers import FlagField, IdField
from conversations.api.serializers.conversation import ConversationSerializer
from conversations.lib.text import is_plain
from conversations.models import OutgoingMessage
from conversations.sending.reply_window import ReplyState
from conversations.sending.taking_control import may_take_over

MAX_LETTERS = 20_000  # before the platform's own limit is told


class ReplySerializer(serializers.Serializer):
    state = serializers.ChoiceField(
        choices=list(ReplyState),
        help_text="human_agent: only a person may answer; unknown: nothing of the customer is stored, try it",
    )
    until = serializers.DateTimeField(
        allow_null=True, help_text="When it ends, or when it was closed; null: unknown"
    )


class OneConversationSerializer(ConversationSerializer):
    """A conversation by itself, which also tells whether it can be answered."""

    reply = ReplySerializer()


class EarlierAttachment(serializers.Serializer):
    event = IdField(help_text="A message of the same Page")
    index = serializers.IntegerField(min_value=0, max_value=1000)


class AnswerBody(serializers.Serializer):
    text = serializers.CharField(max_length=MAX_LETTERS, required=False, trim_whitespace=False)
    attachment = EarlierAttachment(required=False)
    replyTo = IdField(required=False, help_text="The quoted message: its event in this conversation")
    clientId = serializers.UUIDField(help_text="Chosen by the client: the same one again is the same message")
    now = FlagField(default=False, help_text="Send it at once; it cannot be cancelled then")

    def validate_text(self, text: str) -> str:
        if not is_plain(text):
            raise ValidationError(gettext("This value contains characters that are not allowed."))
        return text

    def validate(self, attrs):
        given = [name for name in ("text", "attachment", "file") if name in attrs]
        if not given:
            raise ValidationError({"text": [gettext("Provide a text or a file.")]})
        if len(given) > 1:
            message = gettext("Provide a text or a file, not both: Facebook would make two messages.")
            raise ValidationError({given[1]: [message]})
        return attrs


class RetryBody(serializers.Serializer):
    takeOver = FlagField(
        default=False, help_text="Take the conversation over first, where another application answers"
    )


class AnswerFileBody(AnswerBody):
    """The same as a form with a file."""

    attachment = None  # type: ignore[assignment]  # DRF removes a field so
    file = serializers.FileField(required=False, max_length=1000)


class OutgoingFileSerializer(serializers.Serializer):
    kind = serializers.ChoiceField(choices=["image", "video", "audio", "file"])
    name = serializers.CharField()
    type = serializers.CharField()
    size = serializers.IntegerField()


class AuthorSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class OutgoingMessageSerializer(serializers.ModelSerializer):
    clientId = serializers.UUIDField(source="client_id")
    state = serializers.ChoiceField(choices=OutgoingMessage.State.choices)
    reason = serializers.SerializerMethodField(
        help_text="Why it is failed or uncertain, or what it waits for; null: nothing to say"
    )
    event = serializers.IntegerField(
        source="event_id", allow_null=True, help_text="Its event, as soon as Facebook has the message"
    )
    conversation = serializers.IntegerField(source="conversation_id")
    text = serializers.CharField(help_text="Empty for a file, and when it is sent: the event has it then")
    attachment = serializers.SerializerMethodField(help_text="The file; null: a text")
    replyTo = serializers.CharField(
        source="reply_to", help_text="Facebook ID of the quoted message; may be empty"
    )
    author = serializers.SerializerMethodField(help_text="null: a former user")
    createdAt = serializers.DateTimeField(source="created_at")
    canTakeOver = serializers.SerializerMethodField(
        help_text="Whether it failed because another application answers: retry it with takeOver"
    )
    sendAt = serializers.DateTimeField(source="due_at", help_text="Not before then, while it is queued")

    class Meta:
        model = OutgoingMessage
        fields = [
            "id",
            "clientId",
            "state",
            "reason",
            "event",
            "conversation",
            "text",
            "attachment",
            "replyTo",
            "author",
            "createdAt",
            "sendAt",
            "canTakeOver",
        ]

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_reason(self, message) -> str | None:
        return gettext(message.reason) if message.reason else None

    def get_canTakeOver(self, message) -> bool:
        return may_take_over(message)

    @extend_schema_field(OutgoingFileSerializer(allow_null=True))
    def get_attachment(self, message) -> dict | None:
        if not message.file_kind:
            return None
        return {
            "kind": message.file_kind,
            "name": message.file_name,
            "type": message.file_type,
            "size": message.file_size,
        }

    @extend_schema_field(AuthorSerializer(allow_null=True))
    def get_author(self, message) -> dict | None:
        author = message.author
        return author and {"id": author.pk, "name": author.get_username()}


@extend_schema_serializer(many=False)
class OutgoingMessageAnswer(serializers.Serializer):
    message = OutgoingMessageSerializer()


@extend_schema_serializer(many=False)
class OutgoingMessageListAnswer(serializers.Serializer):
    messages = OutgoingMessageSerializer(many=True)


class MessageRefusedSerializer(serializers.Serializer):
    error = serializers.CharField()
    closedAt = serializers.DateTimeField(
        required=False, help_text="When the window for answers was closed, if that is why"
    )
