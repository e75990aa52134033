"""Pages with their alerts, and the users who work on them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.alerts.shown import shown_alerts
from conversations.models import Alert, Page, Platform
from conversations.models.roles import SUPERUSER, Role


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
