"""What the words of a search stand for."""

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.serializers.error import ErrorSerializer
from conversations.models import Conversation
from conversations.search.filters import MAX_WORDS_LETTERS, parse_filter

WORDS = OpenApiParameter(
    "q", {"type": "string", "maxLength": MAX_WORDS_LETTERS}, description="Words, as in the list"
)


@extend_schema_serializer(many=False)  # otherwise a view called `list` would return a list of these
class TypedFilterSerializer(serializers.Serializer):
    filter = serializers.DictField(child=serializers.CharField())


class FilterViewSet(GenericViewSet):
    """Filters as people type them."""

    queryset = Conversation.objects.none()
    pagination_class = None
    filter_backends: list = []
    parameters = {"list": {"q"}}

    @extend_schema(parameters=[WORDS], responses={200: TypedFilterSerializer, 400: ErrorSerializer})
    def list(self, request):
        """Return the parameters of the list that the words of `q` stand for."""
        filters = parse_filter(request.query_params)
        if not filters.is_valid():
            raise ValidationError(filters.errors)
        return Response({"filter": filters.typed})
