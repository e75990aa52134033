"""Runs of the sync, and their counters."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from conversations.api.serializers.ledger import CoverageSerializer
from conversations.models import SyncRun
from conversations.models.run_counters import ALL, rest_name
from conversations.sync.progress import WAITING_STATUSES, message_for, seconds_left


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
