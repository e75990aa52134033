from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.asking import selected
from conversations.api.schema import wrapped
from conversations.api.serializers import ErrorSerializer, TagSerializer
from conversations.api.views.conversations import PAGE
from conversations.models import Conversation
from conversations.reading.filters import PARAMETERS, ConversationFilter
from conversations.reading.insight import Insight, insight


class DaySerializer(serializers.Serializer):
    date = serializers.DateField()
    received = serializers.IntegerField()
    sent = serializers.IntegerField()


class TaggedSerializer(serializers.Serializer):
    tag = TagSerializer()
    conversations = serializers.IntegerField()


class RepliesSerializer(serializers.Serializer):
    week = serializers.DateField(help_text="Its Monday")
    seconds = serializers.IntegerField(allow_null=True, help_text="The median; null: nobody was replied to")
    count = serializers.IntegerField(help_text="How many were replied to")


class InsightSerializer(serializers.Serializer):
    days = DaySerializer(many=True)
    hours = serializers.SerializerMethodField(help_text="Received, by weekday (Monday first) and hour")
    tags = TaggedSerializer(many=True)
    replies = RepliesSerializer(many=True)
    timeZone = serializers.CharField(help_text="In which days, weeks and hours are meant")
    conversations = serializers.IntegerField(help_text="How many fit; about, where isExact is false")
    isExact = serializers.BooleanField(
        help_text="false: of very many conversations that fit a filter only the newest, or new messages"
        " are still to be counted"
    )

    def get_fields(self):
        # `from` is no name that Python takes.
        ends = {"from": serializers.DateField(), "to": serializers.DateField(help_text="Today")}
        return {**ends, **super().get_fields()}

    @extend_schema_field(
        {
            "type": "array",
            "minItems": 7,
            "maxItems": 7,
            "items": {"type": "array", "minItems": 24, "maxItems": 24, "items": {"type": "integer"}},
        }
    )
    def get_hours(self, found) -> list[list[int]]:
        return found["hours"]


def as_answer(found: Insight) -> dict:
    return {
        "from": found.span.first,
        "to": found.span.last,
        "timeZone": settings.TIME_ZONE,
        "days": [{"date": day, "received": received, "sent": sent} for day, received, sent in found.days],
        "hours": found.hours,
        "tags": [{"tag": tag, "conversations": number} for tag, number in found.tags],
        "replies": [
            {"week": week, "seconds": seconds, "count": number} for week, seconds, number in found.replies
        ],
        "conversations": found.conversations,
        "isExact": found.is_exact,
    }


class InsightViewSet(GenericViewSet):
    """Numbers about the conversations that fit a filter, and their messages."""

    queryset = Conversation.objects.none()
    serializer_class = InsightSerializer
    filterset_class = ConversationFilter
    pagination_class = None
    parameters = {"list": {"facebookPageId", *PARAMETERS}}

    @extend_schema(
        parameters=[PAGE],
        responses={200: wrapped("insight", InsightSerializer), 404: ErrorSerializer, 503: ErrorSerializer},
    )
    def list(self, request):
        """Messages of 90 days by day and hour, tags, and how long customers waited for a reply."""
        return Response({"insight": as_answer(insight(selected(request.user, request.query_params)))})
