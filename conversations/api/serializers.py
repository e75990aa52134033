"""What goes out, and what may come in."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversations.models import Conversation, InteractionEvent, Page, Platform, SavedView, SyncRun, Thread
from conversations.reading.filters import PARAMETERS
from conversations.reading.values import as_flag, as_id, shown
from conversations.sync.progress import PAUSES, message_for, seconds_left
from tags.models import COLOR, Tag

# -- out ---------------------------------------------------------------------------------------------------


class ErrorSerializer(serializers.Serializer):
    error = serializers.CharField(help_text="What is wrong, in words")
    field = serializers.CharField(required=False, help_text="The parameter or field at fault")


class ForgottenSerializer(serializers.Serializer):
    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()
    history = serializers.IntegerField(help_text="Events that tell what staff did")
    tags = serializers.IntegerField()
    threads = serializers.IntegerField(help_text="Emptied: their ids stay in the ledger")


class TagInUseSerializer(serializers.Serializer):
    error = serializers.CharField()
    conversations = serializers.IntegerField(required=False, help_text="How many conversations have it")


class TagSerializer(serializers.ModelSerializer):
    slug = serializers.CharField()

    class Meta:
        model = Tag
        fields = ["id", "name", "slug", "color"]


class CountedTagSerializer(TagSerializer):
    # `counts` in the context tells it by the tag's id.
    conversations = serializers.SerializerMethodField(help_text="On the Pages that one may see")

    class Meta(TagSerializer.Meta):
        fields = [*TagSerializer.Meta.fields, "conversations"]

    def get_conversations(self, tag) -> int:
        return self.context["counts"].get(tag.pk, 0)


class ConversationTagSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    tag = TagSerializer()


class ConversationSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    page_id = serializers.CharField(help_text="Facebook's id of the Page")
    sender_id = serializers.CharField()
    sender_name = serializers.CharField()
    last_message = serializers.CharField()
    last_message_time = serializers.DateTimeField(allow_null=True)
    conversation_status = serializers.ChoiceField(choices=Conversation.Status.choices)
    message_count = serializers.IntegerField()
    unread_count = serializers.IntegerField()
    platform = serializers.ChoiceField(choices=Platform.choices)
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    conversation_tags = ConversationTagSerializer(many=True)

    def to_representation(self, row):
        return row  # as rows.py has made it: 10,000 of them are one answer


class EventSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(allow_null=True, help_text="Facebook's id of the message")
    text = serializers.CharField()
    attachments = serializers.ListField(child=serializers.DictField())
    data = serializers.DictField(help_text="Of a tag: id, name, act")  # type: ignore[assignment]  # its name
    actor = serializers.CharField(
        source="actor.username", default=None, allow_null=True, help_text="The member of staff who did it"
    )

    class Meta:
        model = InteractionEvent
        fields = ["id", "kind", "graph_id", "occurred_at", "text", "attachments", "data", "actor"]


class PageSerializer(serializers.ModelSerializer):
    platforms = serializers.ListField(child=serializers.ChoiceField(choices=Platform.choices))
    state = serializers.SerializerMethodField(help_text="connected, or reconnect: a person must")
    reason = serializers.SerializerMethodField(help_text="Why it must be connected again")
    role = serializers.ChoiceField(choices=["viewer", "tagger", "manager", "superuser"])
    conversations = serializers.IntegerField(source="conversation_count")
    unread = serializers.IntegerField(source="unread_count", help_text="Conversations with something unread")
    lastSync = serializers.DateTimeField(
        source="last_synced_at", allow_null=True, help_text="When a sync last ended"
    )

    class Meta:
        model = Page
        fields = [
            "id",
            "facebook_page_id",
            "name",
            "platforms",
            "state",
            "reason",
            "role",
            "conversations",
            "unread",
            "lastSync",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Page.State.choices))
    def get_state(self, page) -> str:
        return page.connection[0]

    def get_reason(self, page) -> str:
        return page.connection[1]


class ThreadCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="stored + merged + unreadable + owed")
    stored = serializers.IntegerField()
    merged = serializers.IntegerField(help_text="Further threads of somebody who has a newer one")
    unreadable = serializers.IntegerField(help_text="For good")
    owed = serializers.IntegerField(help_text="The next run asks again")


class MessageCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="What Facebook says, an estimate")
    held = serializers.IntegerField()
    unreadable = serializers.IntegerField()


class AccountSerializer(serializers.Serializer):
    threads = ThreadCountsSerializer()
    messages = MessageCountsSerializer()


class LedgerSerializer(AccountSerializer):
    platforms = serializers.DictField(
        child=AccountSerializer(), required=False, help_text="The same by platform, where there are two"
    )


class ThreadSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(help_text="Facebook's id")
    reason = serializers.CharField(help_text="Why it is unreadable or owed")
    conversation = serializers.IntegerField(
        source="conversation_id", allow_null=True, help_text="null where nobody can tell whose it is"
    )

    class Meta:
        model = Thread
        fields = [
            "id",
            "graph_id",
            "platform",
            "state",
            "reason",
            "updated_time",
            "message_count",
            "held_count",
            "unreadable_count",
            "history",
            "conversation",
        ]


class RunSerializer(serializers.ModelSerializer):
    page = serializers.IntegerField(source="page_id")
    trigger = serializers.CharField()
    synced = serializers.IntegerField()
    eventsCreated = serializers.IntegerField(source="events_created")
    duration = serializers.FloatField(help_text="Seconds")
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)
    error = serializers.SerializerMethodField(help_text="null where there is none, and below manager")
    seconds = serializers.SerializerMethodField(help_text="What is left of its pause; null: it does not wait")
    message = serializers.SerializerMethodField(help_text="Why it waits; null: it does not")
    ledger = serializers.SerializerMethodField(help_text="The account of the Page at its end")
    notes = serializers.SerializerMethodField(help_text="What was odd but harmless; null below manager")

    class Meta:
        model = SyncRun
        fields = [
            "id",
            "page",
            "mode",
            "trigger",
            "status",
            "synced",
            "inserted",
            "updated",
            "unchanged",
            "skipped",
            "owed",
            "total",
            "eventsCreated",
            "requests",
            "duration",
            "startedAt",
            "endedAt",
            "error",
            "seconds",
            "message",
            "ledger",
            "notes",
        ]

    def get_error(self, run) -> str | None:
        return (run.error or None) if self.is_managed(run) else None

    def get_seconds(self, run) -> int | None:
        return seconds_left(run)

    def get_message(self, run) -> str | None:
        return message_for(run, is_manager=self.is_managed(run)) if run.status in PAUSES else None

    @extend_schema_field(LedgerSerializer(allow_null=True))
    def get_ledger(self, run) -> dict | None:
        return run.ledger or None

    def get_notes(self, run) -> list[str] | None:
        return run.notes if self.is_managed(run) else None

    def is_managed(self, run) -> bool:
        """`managed` in the context: the Pages on which one may see errors."""
        return run.page_id in self.context["managed"]


class BulkResultSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    matched = serializers.IntegerField(help_text="Conversations that were named or match the filter")
    changed = serializers.IntegerField(help_text="Conversations whose tags differ afterwards")
    act = serializers.UUIDField(allow_null=True, help_text="In the events of this change; null on dry_run")


class SavedViewSerializer(serializers.ModelSerializer):
    facebookPageId = serializers.CharField(
        source="page.facebook_page_id",
        default=None,
        allow_null=True,
        help_text="null: every Page one may see",
    )
    shared = serializers.BooleanField(source="is_shared")
    owner = serializers.CharField(source="owner.username")
    query = serializers.DictField(child=serializers.CharField(), help_text="The list's parameters")
    address = serializers.SerializerMethodField(help_text="The list that it names")

    class Meta:
        model = SavedView
        fields = ["id", "name", "owner", "shared", "facebookPageId", "query", "address"]

    def get_address(self, view) -> str:
        parameters = urlencode(view.parameters)
        return f"/api/conversations?{parameters}" if parameters else "/api/conversations"


# -- in ----------------------------------------------------------------------------------------------------


@extend_schema_field(
    {
        "oneOf": [
            {"type": "integer", "minimum": 1},
            {"type": "string", "pattern": "^0*[1-9][0-9]*$"},
        ]
    }
)
class IdField(serializers.Field):
    def to_internal_value(self, data) -> int:
        try:
            return as_id(data)
        except ValueError as error:
            raise ValidationError(str(error)) from None


@extend_schema_field(
    {
        "oneOf": [
            {"type": "boolean"},
            {"type": "integer", "enum": [0, 1]},
            {"type": "string", "enum": ["true", "false", "1", "0"]},
        ]
    }
)
class FlagField(serializers.Field):
    def to_internal_value(self, data) -> bool:
        try:
            return as_flag(data)
        except ValueError as error:
            raise ValidationError(str(error)) from None


class TagBody(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    color = serializers.CharField(required=False, validators=[COLOR])


class TagIdsBody(serializers.Serializer):
    tagIds = serializers.ListField(child=IdField(), max_length=1000)


@extend_schema_field(
    {
        "type": "object",
        "description": "The list's parameters, without page, limit, cursor and total",
        "additionalProperties": {"type": ["string", "integer", "boolean", "array", "null"]},
    }
)
class FilterField(serializers.Field):
    """Parameters of the list as JSON says them, made those of an address."""

    def to_internal_value(self, data) -> dict[str, str]:
        if not isinstance(data, dict):
            raise ValidationError("It must be an object: the list's parameters.")
        known = {"facebookPageId", *PARAMETERS}
        for name in data:
            if name not in known:
                raise ValidationError(f"There is no parameter {shown(name)}.")
        return {name: self.as_text(name, value) for name, value in data.items() if value is not None}

    def as_text(self, name: str, value) -> str:
        if isinstance(value, list):
            return ",".join(self.as_text(name, item) for item in value)
        if not isinstance(value, str | int):
            raise ValidationError(f"{name} cannot be {shown(value)}.")
        return str(value).lower() if isinstance(value, bool) else str(value)


class BulkTagsBody(TagIdsBody):
    conversationIds = serializers.ListField(child=IdField(), max_length=10_000, required=False)
    filter = FilterField(required=False)
    action = serializers.ChoiceField(choices=["assign", "remove", "replace"])
    dry_run = FlagField(default=False)

    def validate(self, attrs):
        if "conversationIds" not in attrs and "filter" not in attrs:
            raise ValidationError({"conversationIds": ["Name conversations, or give a filter."]})
        if "conversationIds" in attrs and "filter" in attrs:
            raise ValidationError({"filter": ["Give a filter or conversationIds, not both."]})
        return attrs


class SavedViewBody(serializers.Serializer):
    name = serializers.CharField(max_length=100)
    shared = FlagField(default=False)
    facebookPageId = serializers.CharField(required=False, allow_null=True, default=None)
    query = FilterField(default=dict)


class EmptyBody(serializers.Serializer):
    pass


class StatusBody(serializers.Serializer):
    conversation_status = serializers.ChoiceField(choices=Conversation.Status.choices)


def read_body(request, serializer_class: type[serializers.Serializer]) -> dict:
    """What the body says, checked; a field that is not known is refused."""
    serializer = serializer_class(data=request.data)
    for name in request.data:
        if name not in serializer.fields:
            raise ValidationError({name: ["There is no such field here."]})
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
