"""What goes out."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.models import Conversation, InteractionEvent, Page, Platform, SavedView, SyncRun, Thread
from conversations.sync.progress import PAUSES, message_for, seconds_left
from tags.models import Tag


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
    changed = serializers.IntegerField(help_text="Conversations that differ afterwards")
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
