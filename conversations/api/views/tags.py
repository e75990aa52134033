from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.actions.bulk_operations import delete_tag_at_once_or_in_slices
from conversations.api.bulk_response import accepted
from conversations.api.permissions import TagPermission
from conversations.api.query_params import KnownMethod, KnownParameters, flag
from conversations.api.request_serializers import TagBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers.bulk import BulkOperationSerializer
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.tag import CountedTagSerializer, TagInUseSerializer
from conversations.models import ConversationTag
from tags.models import Tag, change_tag, create_tag

ONE = wrapped("tag", CountedTagSerializer)
FORCE = OpenApiParameter(
    "force", enum=["true", "false", "1", "0"], description="Delete the tag even if it is in use."
)


class TagViewSet(GenericViewSet):
    """Tags, which all Pages share."""

    queryset = Tag.objects.all()
    serializer_class = CountedTagSerializer
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters, TagPermission]
    pagination_class = None
    lookup_value_regex = "[0-9]+"
    parameters = {"destroy": {"force"}}

    def get_serializer_context(self):
        counts = ConversationTag.objects.counts_visible_to(self.request.user)
        return {**super().get_serializer_context(), "counts": counts}

    @extend_schema(responses=wrapped("tags", CountedTagSerializer, many=True))
    def list(self, request):
        """List all tags, by name."""
        return Response({"tags": self.get_serializer(self.get_queryset(), many=True).data})

    @extend_schema(request=TagBody, responses={201: ONE, 409: ErrorSerializer})
    def create(self, request):
        """Create a tag (tagger of any Page)."""
        tag = create_tag(**read_body(request, TagBody))
        return Response({"tag": self.get_serializer(tag).data}, status=status.HTTP_201_CREATED)

    @extend_schema(request=TagBody, responses={200: ONE, 409: ErrorSerializer})
    def update(self, request, pk):
        """Change name or color of a tag (superuser). Its slug stays."""
        tag = change_tag(self.get_object(), **read_body(request, TagBody))
        return Response({"tag": self.get_serializer(tag).data})

    @extend_schema(
        parameters=[FORCE],
        responses={202: BulkOperationSerializer, 204: None, 409: TagInUseSerializer, 429: ErrorSerializer},
    )
    def destroy(self, request, pk):
        """Delete a tag (superuser). On more than 10,000 conversations that is a bulk operation (202)."""
        force = flag(request.query_params, "force")
        operation = delete_tag_at_once_or_in_slices(self.get_object(), force=force, actor=request.user)
        if operation:
            return accepted(operation)
        return Response(status=status.HTTP_204_NO_CONTENT)
