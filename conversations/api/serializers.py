"""Serializers of responses."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from conversations.actions.bulk_operations import describe
from conversations.alerts.shown import shown_alerts
from conversations.lib.attachment_kinds import KINDS_BY_NAME
from conversations.models import (
    Alert,
    BulkOperation,
    Conversation,
    Page,
    Platform,
    SavedView,
    SyncRun,
    Thread,
)
from conversations.models.roles import SUPERUSER, Role
from conversations.models.run_counters import ALL, rest_name
from conversations.search.stored_filters import normalize, parameters_of_view
from conversations.sync.progress import WAITING_STATUSES, message_for, seconds_left
from tags.models import Tag


class ErrorSerializer(serializers.Serializer):
    error = serializers.CharField(help_text="A message that says what is wrong")
    field = serializers.CharField(required=False, help_text="The parameter or field that is invalid")


class PersonCountsSerializer(serializers.Serializer):
    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()
    history = serializers.IntegerField(help_text="Events of actions by staff")
    tags = serializers.IntegerField()
    threads = serializers.IntegerField(help_text="Emptied: their Facebook IDs stay in the sync ledger")


class TagInUseSerializer(serializers.Serializer):
    error = serializers.CharField()
    conversations = serializers.IntegerField(
        required=False, help_text="Number of conversations that have the tag"
    )


class TagSerializer(serializers.ModelSerializer):
    slug = serializers.CharField()

    class Meta:
        model = Tag
        fields = ["id", "name", "slug", "color"]


class CountedTagSerializer(TagSerializer):
    # The context has `counts` by tag ID.
    conversations = serializers.SerializerMethodField(help_text="On the Pages that the user may see")

    class Meta(TagSerializer.Meta):
        fields = [*TagSerializer.Meta.fields, "conversations"]

    def get_conversations(self, tag) -> int:
        return self.context["counts"].get(tag.pk, 0)


class ConversationTagSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    tag = TagSerializer()


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


class ColleagueSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="User name, which mentions the user after an @")
    role = serializers.ChoiceField(choices=[*Role.values, SUPERUSER])


class LiveSerializer(serializers.Serializer):
    state = serializers.ChoiceField(
        choices=Page.LiveState.choices,
        help_text="silent: a message came that no webhook had brought; lost: the subscription has ended",
    )
    lastEventAt = serializers.DateTimeField(allow_null=True, help_text="When the newest webhook arrived")
    reason = serializers.CharField(allow_null=True, help_text="What is wrong; null below manager")


class AlertSerializer(serializers.Serializer):
    cause = serializers.ChoiceField(choices=Alert.Cause.choices)
    sentence = serializers.CharField(help_text="What is wrong")
    since = serializers.DateTimeField(help_text="When it was noticed")
    advice = serializers.CharField(help_text="What ends it")
    mayMend = serializers.BooleanField(source="may_mend", help_text="Whether the role of the user suffices")
    ask = serializers.ListField(
        child=serializers.CharField(), help_text="Up to three users who may do it; empty if you may"
    )


class PageSerializer(serializers.ModelSerializer):
    platforms = serializers.ListField(child=serializers.ChoiceField(choices=Platform.choices))
    state = serializers.SerializerMethodField(
        help_text="connected, or reconnect: a person must connect it again"
    )
    reason = serializers.SerializerMethodField(help_text="Why a reconnect is needed")
    role = serializers.ChoiceField(choices=[*Role.values, SUPERUSER])
    conversations = serializers.IntegerField(source="conversation_count")
    unread = serializers.IntegerField(source="unread_count", help_text="Conversations with unread messages")
    lastSync = serializers.DateTimeField(
        source="last_synced_at", allow_null=True, help_text="When a sync last completed"
    )
    live = serializers.SerializerMethodField(help_text="Whether webhooks bring its messages")
    alerts = serializers.SerializerMethodField(help_text="Problems that need a person, oldest first")

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
            "live",
            "alerts",
        ]

    @extend_schema_field(serializers.ChoiceField(choices=Page.State.choices))
    def get_state(self, page) -> str:
        return page.connection[0]

    def get_reason(self, page) -> str:
        return page.reason_for(page.role)

    @extend_schema_field(AlertSerializer(many=True))
    def get_alerts(self, page) -> list[dict]:
        return list(AlertSerializer(shown_alerts(page, page.role), many=True).data)

    @extend_schema_field(LiveSerializer)
    def get_live(self, page) -> dict:
        reason = page.live_reason_for(page.role)
        values = {"state": page.live_state, "lastEventAt": page.last_delivery_at, "reason": reason}
        return LiveSerializer(values).data


class ThreadCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="stored + merged + unreadable + owed")
    stored = serializers.IntegerField()
    merged = serializers.IntegerField(help_text="Duplicates: the sender has a newer thread")
    unreadable = serializers.IntegerField(help_text="Permanently")
    owed = serializers.IntegerField(help_text="Pending: the next run requests them again")


class MessageCountsSerializer(serializers.Serializer):
    listed = serializers.IntegerField(help_text="Facebook's own number, an estimate")
    held = serializers.IntegerField()
    unreadable = serializers.IntegerField()


class CoverageCountsSerializer(serializers.Serializer):
    threads = ThreadCountsSerializer()
    messages = MessageCountsSerializer()


class FileCountsSerializer(serializers.Serializer):
    waiting = serializers.IntegerField()
    kept = serializers.IntegerField()
    missing = serializers.IntegerField()


class UnfinishedListSerializer(serializers.Serializer):
    platform = serializers.ChoiceField(choices=Platform.choices)
    folder = serializers.CharField(allow_null=True, help_text="null: the inbox")
    reason = serializers.CharField()


class CoverageSerializer(CoverageCountsSerializer):
    lists = UnfinishedListSerializer(many=True, required=False, help_text="Lists of threads that never ended")
    gaps = serializers.IntegerField(
        required=False, help_text="Instagram threads with messages that are lost, if there are any"
    )
    archives = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        required=False,
        help_text='Months with messages of archives alone ("2021-05"): their number, and that of Facebook\'s',
    )
    files = FileCountsSerializer(required=False, help_text="Files of messages, where the archive keeps them")
    platforms = serializers.DictField(
        child=CoverageCountsSerializer(), required=False, help_text="The same by platform, if there are two"
    )


class ThreadSerializer(serializers.ModelSerializer):
    graph_id = serializers.CharField(help_text="Facebook ID")
    reason = serializers.CharField(help_text="Why it is unreadable or pending")
    conversation = serializers.IntegerField(
        source="conversation_id", allow_null=True, help_text="null if its sender is unknown"
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
            "gap_at",
            "conversation",
        ]


class CountersSerializer(serializers.Serializer):
    """Adds a field for each of these counters of a run, after `status`."""

    counters = ALL

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = {}
        for name, field in super().get_fields().items():
            fields[name] = field
            if name == "status":
                fields |= {rest_name(counter): _counter_field(counter) for counter in self.counters}
        return fields


def _counter_field(name: str) -> serializers.IntegerField:
    return serializers.IntegerField(source=None if name == rest_name(name) else name)


class RunSerializer(CountersSerializer, serializers.ModelSerializer):
    page = serializers.IntegerField(source="page_id")
    trigger = serializers.CharField()
    duration = serializers.FloatField(help_text="Seconds")
    startedAt = serializers.DateTimeField(source="started_at", allow_null=True)
    endedAt = serializers.DateTimeField(source="ended_at", allow_null=True)
    error = serializers.SerializerMethodField(
        help_text="null if there is none, and for users who are not managers"
    )
    seconds = serializers.SerializerMethodField(
        help_text="Seconds until the run resumes; null if it does not wait"
    )
    message = serializers.SerializerMethodField(help_text="Why the run waits; null if it does not")
    ledger = serializers.SerializerMethodField(help_text="Coverage of the Page at the end of the run")
    notes = serializers.SerializerMethodField(help_text="Warnings; null for users who are not managers")

    class Meta:
        model = SyncRun
        fields = [
            "id",
            "page",
            "mode",
            "trigger",
            "status",
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
        return (run.error or None) if self.has_manager_role(run) else None

    def get_seconds(self, run) -> int | None:
        return seconds_left(run)

    def get_message(self, run) -> str | None:
        return (
            message_for(run, is_manager=self.has_manager_role(run))
            if run.status in WAITING_STATUSES
            else None
        )

    @extend_schema_field(CoverageSerializer(allow_null=True))
    def get_ledger(self, run) -> dict | None:
        return run.ledger or None

    def get_notes(self, run) -> list[str] | None:
        return run.notes if self.has_manager_role(run) else None

    def has_manager_role(self, run) -> bool:
        """Whether the context has the Page in `managed`: the Pages whose errors the user may see."""
        return run.page_id in self.context["managed"]


class BulkResultSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    matched = serializers.IntegerField(help_text="Conversations that were selected")
    changed = serializers.IntegerField(help_text="Conversations that were changed")
    act = serializers.UUIDField(
        allow_null=True, help_text="Operation ID in the events of this change; null if nothing changed"
    )


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


class BulkOperationSerializer(serializers.ModelSerializer):
    """A bulk operation in slices: the fields of BulkResultSerializer and how far it is."""

    success = serializers.SerializerMethodField(help_text="False if it has failed or was cancelled")
    message = serializers.SerializerMethodField(help_text="How far it is, or how it ended")
    act = serializers.UUIDField(source="operation", help_text="Operation ID in the events of this change")

    class Meta:
        model = BulkOperation
        fields = [
            "success",
            "message",
            "matched",
            "changed",
            "act",
            "action",
            "state",
            "processed",
            "created_at",
            "ended_at",
        ]

    def get_message(self, operation) -> str:
        return describe(operation)

    def get_success(self, operation) -> bool:
        return operation.state not in (BulkOperation.State.FAILED, BulkOperation.State.CANCELLED)


class BulkOperationListSerializer(serializers.Serializer):
    acts = BulkOperationSerializer(many=True)


class SavedViewSerializer(serializers.ModelSerializer):
    facebookPageId = serializers.CharField(
        source="page.facebook_page_id",
        default=None,
        allow_null=True,
        help_text="null: all Pages that the user may see",
    )
    shared = serializers.BooleanField(source="is_shared")
    owner = serializers.CharField(source="owner.username")
    query = serializers.SerializerMethodField(help_text="Parameters of the list")
    address = serializers.SerializerMethodField(help_text="URL of the list with this view")

    class Meta:
        model = SavedView
        fields = ["id", "name", "owner", "shared", "facebookPageId", "query", "address"]

    def get_address(self, view) -> str:
        parameters = urlencode(parameters_of_view(view))
        return f"/api/conversations?{parameters}" if parameters else "/api/conversations"

    def get_query(self, view) -> dict[str, str]:
        return normalize(view.query)


class InvalidViewSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    error = serializers.CharField(help_text="What is wrong with its filter")


@extend_schema_serializer(many=False)  # otherwise a view called `list` would return a list of these
class SavedViewListSerializer(serializers.Serializer):
    views = SavedViewSerializer(many=True)
    invalid = InvalidViewSerializer(many=True, help_text="Your own views whose filter is not valid")
