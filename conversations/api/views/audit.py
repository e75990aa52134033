from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.viewsets import GenericViewSet

from conversations.api.pagination import KeysetPagination
from conversations.api.serializers.error import ErrorSerializer
from conversations.models import AuditEntry

ACTION = OpenApiParameter("action", str, description="Only acts of this kind, such as `exported`.")


class AuditPagination(KeysetPagination):
    name, default_limit, max_limit = "entries", 50, 1000


class ActorSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="actor_id")
    name = serializers.CharField(source="actor_name", help_text="As it was at that time")


class TargetSerializer(serializers.Serializer):
    type = serializers.CharField(source="target_type", help_text="Such as page or user; may be empty")
    id = serializers.CharField(source="target_id", help_text="May be empty")
    name = serializers.CharField(source="target_name", help_text="May be empty")


class AuditEntrySerializer(serializers.ModelSerializer):
    actor = serializers.SerializerMethodField(help_text="null: nobody who had signed in, or the system")
    target = TargetSerializer(source="*")
    address = serializers.CharField(help_text="IP address; empty for commands and jobs")
    details = serializers.DictField()

    class Meta:
        model = AuditEntry
        fields = ["id", "at", "action", "actor", "target", "address", "details"]

    @extend_schema_field(ActorSerializer(allow_null=True))
    def get_actor(self, entry) -> dict | None:
        return None if entry.actor_id is None else ActorSerializer(entry).data


class AuditViewSet(GenericViewSet):
    """The audit log: who did what, on what, when and from where."""

    queryset = AuditEntry.objects.all()
    serializer_class = AuditEntrySerializer
    pagination_class = AuditPagination
    filter_backends = []
    parameters = {"list": {"action", *AuditPagination.parameters}}

    @extend_schema(
        parameters=[ACTION], responses={200: AuditEntrySerializer(many=True), 403: ErrorSerializer}
    )
    def list(self, request):
        """List the entries, newest first (superuser). They are kept for 400 days."""
        if not request.user.is_superuser:
            raise PermissionDenied(gettext("Only superusers read the audit log."))
        entries = self.get_queryset()
        if action := request.query_params.get("action", "").strip():
            entries = entries.filter(action=action)
        rows = self.paginate_queryset(entries)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)
