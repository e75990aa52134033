import uuid
from dataclasses import replace

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from conversations.actions.bulk_operations import start_status, start_tagging
from conversations.actions.operation_texts import SENTENCES, STATUS_SENTENCES
from conversations.actions.snoozing import snooze
from conversations.actions.status import change_status, count_status_changes, set_status
from conversations.actions.tagging import change_tags, count_tag_changes, replace_tags, tag_conversations
from conversations.actions.targets import targets_by_id
from conversations.api.bulk_response import run_bulk_action, storable_ids
from conversations.api.file_stream import chosen, export_response
from conversations.api.negotiation import IgnoreAcceptHeader
from conversations.api.pagination import ConversationPagination, EventPagination
from conversations.api.permissions import TaggerOrReadOnly, require_confirmed_session
from conversations.api.query_params import (
    MAX_IDS,
    KnownMethod,
    KnownParameters,
    conversation_ids,
    criteria_for,
    flag,
    requested_zone,
)
from conversations.api.request_serializers import (
    BulkStatusBody,
    BulkTagsBody,
    ConversationChangeBody,
    TagIdsBody,
    read_body,
)
from conversations.api.schema import FILE, wrapped
from conversations.api.serializers.answer import OneConversationSerializer, ReplySerializer
from conversations.api.serializers.conversation import ChangedConversationSerializer, ConversationSerializer
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.event import EventSerializer, events_as_json
from conversations.api.serializers.person import ContactSerializer, PersonCountsSerializer
from conversations.api.serializers.tag import ConversationTagSerializer
from conversations.api.serializers.times import ConversationTimesSerializer, contact_times_body
from conversations.api.views.answering import ConversationAnswers
from conversations.api.views.work import BULK, ConversationWork, changed_conversation
from conversations.exports.file_formats import FORMATS
from conversations.models import Conversation, InteractionEvent
from conversations.permissions import MANAGER, page_ids, require_role
from conversations.privacy.forget_person import count_person, delete_person
from conversations.search import rows
from conversations.search.contact import contact_of
from conversations.search.contact_times import times_of_conversation
from conversations.search.filters import PARAMETERS, ConversationFilter
from conversations.search.matches import with_text
from conversations.sending.reply_window import reply_window
from tags.models import Tag

TAGS = wrapped("tags", ConversationTagSerializer, many=True)
CHANGED_TAGS = inline_serializer(
    "ChangedTagsAnswer",
    {
        "tags": ConversationTagSerializer(many=True),
        "act": serializers.UUIDField(allow_null=True, help_text="null if nothing changed"),
    },
)
CONTACT = wrapped("contact", ContactSerializer)
CONTACT_TIMES = wrapped("contactTimes", ConversationTimesSerializer)
ZONE = OpenApiParameter("tz", str, description="IANA time zone of the hours; by default TIME_ZONE.")
MESSAGES = Q(kind__startswith="message_")
NOTES = Q(kind=InteractionEvent.Kind.NOTE_ADDED)
KINDS_OF_EVENTS = {
    "all": Q(),
    "messages": MESSAGES,
    "timeline": MESSAGES | NOTES,
    "notes": NOTES,
    "history": ~MESSAGES,
}
EVENTS = OpenApiParameter(
    "what",
    enum=list(KINDS_OF_EVENTS),
    description="`history`: all but messages; `timeline`: messages and notes. The default: `all`.",
)
TERM = OpenApiParameter(
    "search", str, description="Only messages with this text, found as by `search_in=messages` in the list."
)
PAGE = OpenApiParameter(
    "facebookPageId",
    str,
    description="Facebook ID of a Page; `all` (default): all that you may see.",
)

IDS = OpenApiParameter(
    "ids",
    str,
    description=f"Only these conversations: at most {MAX_IDS} IDs, separated by commas. Those that match all"
    " parameters are returned; `limit` is then as high unless given.",
)
DRY_RUN = OpenApiParameter("dry_run", enum=["true", "false", "1", "0"], description="Only count the rows.")
FORMAT = OpenApiParameter(
    "format", enum=list(FORMATS), description="The default is csv. parquet needs an optional package."
)
WHAT = OpenApiParameter(
    "what",
    enum=["conversations", "messages"],
    description="A line for each conversation (default), or for each message of them.",
)


class ConversationViewSet(ConversationWork, ConversationAnswers):
    """Conversations of customers with the Pages, newest first."""

    queryset = Conversation.objects.all()
    serializer_class = ConversationSerializer
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters, TaggerOrReadOnly]
    filterset_class = ConversationFilter
    pagination_class = ConversationPagination
    lookup_value_regex = "[0-9]+"
    parameters = {
        "list": {"facebookPageId", "ids", *ConversationPagination.parameters, *PARAMETERS},
        "events": {"what", "search", *EventPagination.parameters},
        "export": {"what", "format", "facebookPageId", "ids", *PARAMETERS},
        "destroy": {"dry_run"},
        "contact_times": {"tz"},
        "messages": {"state"},
    }

    def get_queryset(self):
        return Conversation.objects.for_pages(page_ids(self.request.user))

    @extend_schema(parameters=[PAGE, IDS])
    def list(self, request):
        """List the conversations that match all parameters."""
        params = request.query_params
        ids = conversation_ids(params)
        criteria = replace(criteria_for(request.user, params), ids=ids)
        return ConversationPagination().get_response(criteria, params)

    @extend_schema(responses=wrapped("conversation", OneConversationSerializer))
    def retrieve(self, request, pk):
        """Return one conversation, as in the list, and whether it can be answered."""
        conversation = self.get_object()
        reply = ReplySerializer(reply_window(conversation)).data
        return Response({"conversation": rows.conversation_row(conversation.pk) | {"reply": reply}})

    @extend_schema(request=ConversationChangeBody, responses=ChangedConversationSerializer)
    def partial_update(self, request, pk):
        """Set the status to done or active, or snooze the conversation until a time (tagger)."""
        conversation = self.get_object()
        body = read_body(request, ConversationChangeBody)
        status = body.get("conversation_status", conversation.conversation_status)
        if body.get("snoozed_until") and status == Conversation.Status.DONE:
            raise ValidationError(
                {"snoozed_until": [gettext("What is done cannot be snoozed. Reopen it first.")]}
            )
        operation, details = uuid.uuid4(), {"actor": request.user}
        changed = set[int]()
        with transaction.atomic():
            if "conversation_status" in body:
                changed |= set_status([conversation.pk], status, operation=operation, **details)
            if "snoozed_until" in body:
                targets = targets_by_id([conversation.pk])
                changed |= snooze(body["snoozed_until"], targets, operation=operation, **details)
        return changed_conversation(conversation, operation if changed else None)

    @extend_schema(parameters=[DRY_RUN], responses={200: wrapped("deleted", PersonCountsSerializer)})
    def destroy(self, request, pk):
        """Delete this person permanently, with everything that belongs to the conversation (manager)."""
        conversation = self.get_object()
        require_role(request.user, [conversation.page_id], MANAGER)
        if flag(request.query_params, "dry_run"):
            return Response({"deleted": count_person(conversation).as_dict()})
        require_confirmed_session(request)
        if counts := delete_person(conversation, actor=request.user):
            return Response({"deleted": counts.as_dict()})
        raise NotFound(gettext("This conversation was already deleted."))

    @extend_schema(parameters=[EVENTS, TERM], responses=EventSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=EventPagination)
    def events(self, request, pk):
        """List messages and actions by staff, newest first."""
        what = chosen(request.query_params, "what", tuple(KINDS_OF_EVENTS))
        conversation = self.get_object()
        events = InteractionEvent.objects.filter(KINDS_OF_EVENTS[what], conversation=conversation)
        events = events.select_related("actor").with_headers()
        if term := request.query_params.get("search", "").strip():
            events = messages_with(events, conversation, term)
        return self.get_paginated_response(events_as_json(self.paginate_queryset(events) or []))

    @extend_schema(responses=CONTACT)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def contact(self, request, pk):
        """Return who the customer is: IDs, numbers of messages, and conversations of the same name."""
        card = contact_of(self.get_object(), page_ids(request.user))
        return Response({"contact": ContactSerializer(card).data | {"similar": card["similar"]}})

    @extend_schema(parameters=[ZONE], responses=CONTACT_TIMES)
    @action(detail=True, filter_backends=[], pagination_class=None, url_path="contact-times")
    def contact_times(self, request, pk):
        """Return when the customer writes, and when messages of the Page were answered within 24 hours."""
        zone = requested_zone(request.query_params)
        conversation = self.get_object()
        with timezone.override(zone):
            times, since, is_complete = times_of_conversation(conversation.pk)
            name = timezone.get_current_timezone_name()
        body = contact_times_body(times) | {"timeZone": name, "since": since, "isComplete": is_complete}
        return Response({"contactTimes": ConversationTimesSerializer(body).data})

    @extend_schema(responses=TAGS)
    @action(detail=True, filter_backends=[], pagination_class=None)
    def tags(self, request, pk):
        """List the tags of a conversation."""
        return self.tags_response(self.get_object())

    @extend_schema(request=TagIdsBody, responses={200: CHANGED_TAGS})
    @tags.mapping.post
    def add_tags(self, request, pk):
        """Add tags (tagger)."""
        return self.change_tags(request, tag_conversations)

    @extend_schema(request=TagIdsBody, responses=CHANGED_TAGS)
    @tags.mapping.put
    def put_tags(self, request, pk):
        """Replace the tags (tagger)."""
        return self.change_tags(request, replace_tags)

    def change_tags(self, request, change) -> Response:
        conversation = self.get_object()
        tags = tags_by_id(read_body(request, TagIdsBody)["tagIds"])
        operation = uuid.uuid4()
        changed = change([conversation.pk], tags, actor=request.user, operation=operation)
        return self.tags_response(conversation, act=operation if changed else None)

    def tags_response(self, conversation, **more) -> Response:
        return Response({"tags": rows.tags_of([conversation.pk])[conversation.pk], **more})

    @extend_schema(
        parameters=[WHAT, FORMAT, PAGE, IDS],
        filters=True,
        responses={**FILE, 404: ErrorSerializer},
    )
    @action(detail=False, pagination_class=None, content_negotiation_class=IgnoreAcceptHeader)
    def export(self, request):
        """Export all matching conversations, or all their messages, as a file."""
        return export_response(request)

    @extend_schema(request=BulkTagsBody, responses=BULK)
    @action(detail=False, methods=["post"], url_path="bulk-tags")
    def bulk_tags(self, request):
        """Change the tags of many conversations, by ID or filter: of all, or of none on an error (tagger)."""
        body = read_body(request, BulkTagsBody)
        verb, tags = body["action"], tags_by_id(body["tagIds"])
        return run_bulk_action(
            request.user,
            body,
            SENTENCES[verb],
            count_changes=lambda targets: count_tag_changes(verb, targets, tags),
            change=lambda targets, operation: change_tags(
                verb, targets, tags, actor=request.user, operation=operation
            ),
            start=lambda targets, audited: start_tagging(
                verb, targets, tags, actor=request.user, audited=audited
            ),
        )

    @extend_schema(request=BulkStatusBody, responses=BULK)
    @action(detail=False, methods=["post"], url_path="bulk-status")
    def bulk_status(self, request):
        """Set the status of many conversations, by ID or filter: of all, or of none on an error (tagger)."""
        body = read_body(request, BulkStatusBody)
        status = body["conversation_status"]
        return run_bulk_action(
            request.user,
            body,
            STATUS_SENTENCES[status],
            count_changes=lambda targets: count_status_changes(status, targets),
            change=lambda targets, operation: change_status(
                status, targets, actor=request.user, operation=operation
            ),
            start=lambda targets, audited: start_status(status, targets, actor=request.user, audited=audited),
        )


def messages_with(events, conversation: Conversation, term: str):
    try:
        return with_text(events, conversation.pk, term)
    except ValueError as error:
        raise ValidationError({"search": [str(error)]}) from None


def tags_by_id(tag_ids: list[int]) -> list[Tag]:
    tags = list(Tag.objects.filter(pk__in=storable_ids(tag_ids)))
    if missing := set(tag_ids) - {tag.pk for tag in tags}:
        raise ValidationError({"tagIds": [gettext("Unknown tag %(id)s.") % {"id": min(missing)}]})
    return tags
