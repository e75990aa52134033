from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.access import MANAGER, TaggersChange, page_ids, require_role
from conversations.api.asking import selected
from conversations.api.bodies import BulkStatusBody, BulkTagsBody, StatusBody, TagIdsBody, read_body
from conversations.api.bulk import answer_to_bulk, possible
from conversations.api.exporting import exported
from conversations.api.pagination import ConversationPagination, EventPagination
from conversations.api.params import KnownParameters, flag
from conversations.api.schema import wrapped
from conversations.api.serializers import (
    BulkResultSerializer,
    ConversationSerializer,
    ConversationTagSerializer,
    ErrorSerializer,
    EventSerializer,
    ForgottenSerializer,
)
from conversations.api.views.sync import AnyAccept
from conversations.forgetting.people import forget, would_forget
from conversations.models import Conversation, InteractionEvent
from conversations.reading import rows
from conversations.reading.filters import PARAMETERS, ConversationFilter
from conversations.status import change_status, set_status, would_change_status
from conversations.tagging import change_tags, replace_tags, tag_conversations, would_change
from tags.models import Tag

DONE = {"assign": "Tagged", "remove": "Untagged", "replace": "Replaced the tags of"}

ONE = wrapped("conversation", ConversationSerializer)
TAGS = wrapped("tags", ConversationTagSerializer, many=True)
PAGE = OpenApiParameter(
    "facebookPageId", str, description="Facebook's id of a Page; `all` (the default): every Page one may see."
)

DRY_RUN = OpenApiParameter("dry_run", enum=["true", "false", "1", "0"], description="Only say what would go.")
FORMAT = OpenApiParameter("format", enum=["csv", "ndjson"], description="csv is the default.")


class ConversationViewSet(GenericViewSet):
    """What people wrote to the Pages, newest first."""

    queryset = Conversation.objects.all()
    serializer_class = ConversationSerializer
    permission_classes = [IsAuthenticated, KnownParameters, TaggersChange]
    filterset_class = ConversationFilter
    pagination_class = ConversationPagination
    lookup_value_regex = "[0-9]+"
    parameters = {
        "list": {"facebookPageId", *ConversationPagination.parameters, *PARAMETERS},
        "events": EventPagination.parameters,
        "export": {"format", "facebookPageId", *PARAMETERS},
        "destroy": {"dry_run"},
    }

    def get_queryset(self):
        return Conversation.objects.for_pages(page_ids(self.request.user))

    @extend_schema(parameters=[PAGE])
    def list(self, request):
        """Conversations that fit every parameter given."""
        params = request.query_params
        return ConversationPagination().answer(selected(request.user, params), params)

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """One conversation, as in the list."""
        return self.one(self.get_object())

    @extend_schema(request=StatusBody, responses=ONE)
    def partial_update(self, request, pk):
        """Says that it is done, or active again (tagger)."""
        conversation = self.get_object()
        status = read_body(request, StatusBody)["conversation_status"]
        set_status([conversation.pk], status, actor=request.user)
        return self.one(conversation)

    @extend_schema(parameters=[DRY_RUN], responses={200: wrapped("deleted", ForgottenSerializer)})
    def destroy(self, request, pk):
        """Forgets this person for good: all that belongs to the conversation goes (manager)."""
        conversation = self.get_object()
        require_role(request.user, [conversation.page_id], MANAGER)
        if flag(request.query_params, "dry_run"):
            return Response({"deleted": would_forget(conversation).as_dict()})
        if gone := forget(conversation, actor=request.user):
            return Response({"deleted": gone.as_dict()})
        raise NotFound("It is gone already.")

    def one(self, conversation) -> Response:
        return Response({"conversation": rows.one(conversation.pk)})

    @extend_schema(responses=EventSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=EventPagination)
    def events(self, request, pk):
        """Messages and what staff did, newest first."""
        events = InteractionEvent.objects.filter(conversation=self.get_object()).select_related("actor")
        return self.get_paginated_response(EventSerializer(self.paginate_queryset(events), many=True).data)

    @extend_schema(responses=TAGS)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def tags(self, request, pk):
        """Its tags."""
        return self.tags_of(self.get_object())

    @extend_schema(request=TagIdsBody, responses={200: TAGS})
    @tags.mapping.post
    def add_tags(self, request, pk):
        """Adds tags (tagger)."""
        return self.change_tags(request, tag_conversations)

    @extend_schema(request=TagIdsBody, responses=TAGS)
    @tags.mapping.put
    def put_tags(self, request, pk):
        """Leaves exactly these tags (tagger)."""
        return self.change_tags(request, replace_tags)

    def change_tags(self, request, change) -> Response:
        conversation = self.get_object()
        tags = known_tags(read_body(request, TagIdsBody)["tagIds"])
        change([conversation.pk], tags, actor=request.user)
        return self.tags_of(conversation)

    def tags_of(self, conversation) -> Response:
        return Response({"tags": rows.tags_of([conversation.pk])[conversation.pk]})

    @extend_schema(
        parameters=[FORMAT, PAGE],
        filters=True,
        responses={(200, "text/csv"): str, (200, "application/x-ndjson"): str, 404: ErrorSerializer},
    )
    @action(detail=False, pagination_class=None, content_negotiation_class=AnyAccept)
    def export(self, request):
        """All conversations that fit as a file, a row each: names, tags, times, counts, last message."""
        return exported(request)

    @extend_schema(request=BulkTagsBody, responses={200: BulkResultSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-tags")
    def bulk_tags(self, request):
        """Tags many at once, named or by filter: all of them or, where one cannot be, none (tagger)."""
        body = read_body(request, BulkTagsBody)
        verb, tags = body["action"], known_tags(body["tagIds"])
        return answer_to_bulk(
            request.user,
            body,
            DONE[verb],
            would=lambda chosen: would_change(verb, chosen, tags),
            change=lambda chosen, act: change_tags(verb, chosen, tags, actor=request.user, act=act),
        )

    @extend_schema(request=BulkStatusBody, responses={200: BulkResultSerializer})
    @action(detail=False, methods=["post"], url_path="bulk-status")
    def bulk_status(self, request):
        """Sets the status of many, named or by filter: of all or, where one may not be, none (tagger)."""
        body = read_body(request, BulkStatusBody)
        status = body["conversation_status"]
        return answer_to_bulk(
            request.user,
            body,
            f"Marked as {status}:",
            would=lambda chosen: would_change_status(status, chosen),
            change=lambda chosen, act: change_status(status, chosen, actor=request.user, act=act),
        )


def known_tags(tag_ids: list[int]) -> list[Tag]:
    tags = list(Tag.objects.filter(pk__in=possible(tag_ids)))
    if missing := set(tag_ids) - {tag.pk for tag in tags}:
        raise ValidationError({"tagIds": [f"There is no tag {min(missing)}."]})
    return tags
