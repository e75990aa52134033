"""Results of bulk operations."""

from rest_framework import serializers

from conversations.actions.operation_texts import describe
from conversations.models import BulkOperation


class BulkResultSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    message = serializers.CharField()
    matched = serializers.IntegerField(help_text="Conversations that were selected")
    changed = serializers.IntegerField(help_text="Conversations that were changed")
    act = serializers.UUIDField(
        allow_null=True, help_text="Operation ID in the events of this change; null if nothing changed"
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
