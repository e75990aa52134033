from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.query_params import criteria_for, time_zone_of
from conversations.api.schema import wrapped
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.tag import TagSerializer
from conversations.api.serializers.times import ContactTimesSerializer, contact_times_body
from conversations.api.views.conversations import PAGE
from conversations.models import Conversation
from conversations.permissions import MANAGER, page_ids
from conversations.search.criteria import SearchCriteria
from conversations.search.filters import PARAMETERS, ConversationFilter
from conversations.search.insight_queries import Insight, insight
from conversations.search.workload import Workload, workload


class DaySerializer(serializers.Serializer):
    date = serializers.DateField()
    received = serializers.IntegerField()
    sent = serializers.IntegerField()


class TagCountSerializer(serializers.Serializer):
    tag = TagSerializer()
    conversations = serializers.IntegerField()


class AdSerializer(serializers.Serializer):
    id = serializers.CharField()
    title = serializers.CharField(help_text="Empty if Facebook did not tell one")


class AdCountSerializer(serializers.Serializer):
    ad = AdSerializer()
    conversations = serializers.IntegerField()


class WeeklyRepliesSerializer(serializers.Serializer):
    week = serializers.DateField(help_text="The Monday of the week")
    seconds = serializers.IntegerField(allow_null=True, help_text="Median reply time; null without replies")
    count = serializers.IntegerField(help_text="Number of replies")


class MemberSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="user")
    name = serializers.CharField()
    closedToday = serializers.IntegerField(
        source="closed_today", help_text="Conversations that the user has set to done today"
    )
    open = serializers.IntegerField(help_text="Open conversations assigned to the user")
    firstReplySeconds = serializers.IntegerField(
        source="first_reply",
        allow_null=True,
        help_text="Median first reply time of 30 days in conversations assigned to the user; null without",
    )


class InsightSerializer(serializers.Serializer):
    days = DaySerializer(many=True)
    hours = serializers.SerializerMethodField(help_text="Received, by weekday (Monday first) and hour")
    tags = TagCountSerializer(many=True)
    ads = AdCountSerializer(many=True)
    replies = WeeklyRepliesSerializer(many=True)
    timeZone = serializers.CharField(help_text="Of the days, weeks and hours")
    members = MemberSerializer(
        many=True, allow_null=True, help_text="On Pages that you manage; null with a filter or without one"
    )
    waiting = serializers.IntegerField(help_text="Open conversations in which the customer wrote last")
    unanswered = serializers.IntegerField(
        help_text="The same in conversations that the first sync has stored as done: nobody waits"
    )
    contactTimes = ContactTimesSerializer(
        help_text="When messages come from customers, and when those of the Page are answered within 24 hours"
    )
    conversations = serializers.IntegerField(help_text="Number of matches; an estimate if not isExact")
    isExact = serializers.BooleanField(
        help_text="false: very many conversations match and only the newest are included, or new messages"
        " are not counted yet"
    )

    def get_fields(self):
        # `from` is a keyword in Python.
        bounds = {"from": serializers.DateField(), "to": serializers.DateField(help_text="Today")}
        return {**bounds, **super().get_fields()}

    @extend_schema_field(
        {
            "type": "array",
            "minItems": 7,
            "maxItems": 7,
            "items": {"type": "array", "minItems": 24, "maxItems": 24, "items": {"type": "integer"}},
        }
    )
    def get_hours(self, body) -> list[list[int]]:
        return body["hours"]


def insight_body(result: Insight, members: list[Workload] | None) -> dict:
    return {
        "from": result.span.first,
        "to": result.span.last,
        "timeZone": timezone.get_current_timezone_name(),
        "days": [{"date": day, "received": received, "sent": sent} for day, received, sent in result.days],
        "hours": result.hours,
        "tags": [{"tag": tag, "conversations": number} for tag, number in result.tags],
        "ads": [
            {"ad": {"id": ad.id, "title": ad.title}, "conversations": ad.conversations} for ad in result.ads
        ],
        "replies": [
            {"week": week, "seconds": seconds, "count": number} for week, seconds, number in result.replies
        ],
        "members": None if members is None else MemberSerializer(members, many=True).data,
        "waiting": result.waiting,
        "unanswered": result.unanswered,
        "contactTimes": contact_times_body(result.contact_times),
        "conversations": result.conversations,
        "isExact": result.is_exact,
    }


class InsightViewSet(GenericViewSet):
    """Statistics of conversations and their messages."""

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
        """Return messages of 90 days by day and hour, tags, reply times, and when customers answer."""
        criteria = criteria_for(request.user, request.query_params)
        with timezone.override(time_zone_of(request.query_params)):
            members = members_of(request.user, criteria)
            return Response({"insight": insight_body(insight(criteria), members)})


def members_of(user, criteria: SearchCriteria) -> list[Workload] | None:
    """Return the work of members on those of these Pages that the user manages; None if there is none."""
    managed = set(criteria.page_ids) & set(page_ids(user, MANAGER))
    is_whole = criteria == SearchCriteria(criteria.page_ids, criteria.all_pages)
    return workload(sorted(managed)) if managed and is_whole else None
