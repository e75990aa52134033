"""Answers to customers: writing one, and what becomes of it until Facebook has it."""

from contextlib import nullcontext

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.multipart import FormParser, fields_of
from conversations.api.parsers import AnyTypeJSONParser
from conversations.api.query_params import KnownMethod, KnownParameters
from conversations.api.request_serializers import EmptyBody, read_body, validated
from conversations.api.serializers.answer import (
    AnswerBody,
    AnswerFileBody,
    MessageRefusedSerializer,
    OutgoingMessageAnswer,
    OutgoingMessageListAnswer,
    OutgoingMessageSerializer,
    RetryBody,
)
from conversations.api.serializers.error import ErrorSerializer
from conversations.connections.interactive import asking_facebook
from conversations.lib.request_scope import Places
from conversations.media.contents import open_content
from conversations.media.parts import Part
from conversations.models import Conversation, InteractionEvent, OutgoingMessage
from conversations.permissions import AGENT, page_ids, require_role
from conversations.search.parsing import MAX_ID
from conversations.sending import outbox, outbox_decisions
from conversations.sending.outbox import Content, TextRefused
from conversations.sending.outgoing_files import MAX_BYTES, FileRefused, OutgoingFile, read_file
from conversations.sending.taking_control import take_over

State = OutgoingMessage.State
NOT_SENT = (State.QUEUED, State.SENDING, State.UNCERTAIN, State.FAILED)
MAX_MESSAGES = 100
UPLOADS = Places(_("files that are being stored"), per_user=2, in_all=16)
STATE = OpenApiParameter(
    "state",
    str,
    description="States, separated by commas, or `all`. By default those that are not sent: queued, sending,"
    " uncertain and failed.",
)
REFUSALS = {409: MessageRefusedSerializer}
MESSAGE = {200: OutgoingMessageAnswer, 202: OutgoingMessageAnswer}
ANSWERS = {**MESSAGE, **REFUSALS, 410: ErrorSerializer, 502: ErrorSerializer}
LIST: dict = {"filter_backends": [], "pagination_class": None}


class ConversationAnswers(GenericViewSet):
    """A part of ConversationViewSet."""

    @extend_schema(parameters=[STATE], responses=OutgoingMessageListAnswer)
    @action(detail=True, parser_classes=[FormParser, AnyTypeJSONParser], **LIST)
    def messages(self, request, pk):
        """List the messages to this customer that are not sent yet, newest first: at most 100."""
        conversation = self.get_object()
        rows = conversation.outgoing.filter(state__in=states_of(request.query_params))
        rows = rows.select_related("author").with_events().newest_first()[:MAX_MESSAGES]
        return Response({"messages": OutgoingMessageSerializer(rows, many=True).data})

    @extend_schema(
        request={"application/json": AnswerBody, "multipart/form-data": AnswerFileBody}, responses=ANSWERS
    )
    @messages.mapping.post
    def write(self, request, pk):
        """Send a message to the customer, a text or a file (agent). It leaves after 5 seconds."""
        conversation = self.get_object()
        require_role(request.user, [conversation.page_id], AGENT)
        with UPLOADS.take(request.user.pk) if is_form(request) else nullcontext():
            body = validated(fields_of(request.data), body_class(request))
            content = content_of(conversation, body, request.user)
            message, is_new = outbox.queue_message(
                conversation, content, author=request.user, client_id=body["clientId"], now=body["now"]
            )
        return message_response(message.pk, status.HTTP_202_ACCEPTED if is_new else status.HTTP_200_OK)


class MessageViewSet(GenericViewSet):
    """Messages that users have written, until Facebook has them."""

    queryset = OutgoingMessage.objects.all()
    serializer_class = OutgoingMessageSerializer
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters]
    filter_backends: list = []
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        pages = page_ids(self.request.user)
        rows = OutgoingMessage.objects.filter(conversation__page_id__in=pages)
        return rows.select_related("conversation__page", "author").with_events()

    def get_object(self):
        if int(self.kwargs["pk"][:20]) > MAX_ID:
            raise Http404
        return super().get_object()

    @extend_schema(responses=OutgoingMessageAnswer)
    def retrieve(self, request, pk):
        """Return one message."""
        return Response({"message": OutgoingMessageSerializer(self.get_object()).data})

    @extend_schema(request=EmptyBody, responses={200: OutgoingMessageAnswer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Cancel a message that is still queued (agent)."""
        return self.decide(outbox_decisions.cancel)

    @extend_schema(request=RetryBody, responses={200: OutgoingMessageAnswer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def retry(self, request, pk):
        """Send a message again that failed or is uncertain: it may arrive twice then (agent)."""
        message = self.get_own()
        takes_over = read_body(request, RetryBody)["takeOver"]
        if takes_over:
            outbox_decisions.require_retry(message, request.user)
            with asking_facebook(request.user):
                take_over(message.conversation)
        outbox_decisions.retry(message, actor=request.user, has_taken_over=takes_over)
        return message_response(message.pk)

    @extend_schema(request=EmptyBody, responses={200: OutgoingMessageAnswer, **REFUSALS})
    @action(detail=True, methods=["post"])
    def discard(self, request, pk):
        """Give up a message that failed or is uncertain (agent)."""
        return self.decide(outbox_decisions.discard)

    def get_own(self) -> OutgoingMessage:
        message = self.get_object()
        require_role(self.request.user, [message.conversation.page_id], AGENT)
        return message

    def decide(self, decision) -> Response:
        message = self.get_own()
        read_body(self.request, EmptyBody)
        decision(message, actor=self.request.user)
        return message_response(message.pk)


def message_response(pk: int, code: int = status.HTTP_200_OK) -> Response:
    message = OutgoingMessage.objects.select_related("author").with_events().get(pk=pk)
    return Response({"message": OutgoingMessageSerializer(message).data}, code)


def states_of(params) -> list[str]:
    text = params.get("state", "").strip()
    if not text:
        return list(NOT_SENT)
    if text == "all":
        return list(State.values)
    states = [state.strip() for state in text.split(",")]
    if unknown := [state for state in states if state not in State.values]:
        raise ValidationError({"state": [gettext("Unknown state %(name)s.") % {"name": unknown[0][:40]}]})
    return states


def body_class(request) -> type[AnswerBody]:
    return AnswerFileBody if is_form(request) else AnswerBody


def is_form(request) -> bool:
    return request.content_type.startswith("multipart/form-data")


# -- the content -------------------------------------------------------------------------------------------
def content_of(conversation: Conversation, body: dict, user) -> Content:
    """Return what is to be sent. Raises ValidationError, which names the field."""
    quoted = quoted_message(conversation, body["replyTo"]) if "replyTo" in body else ""
    try:
        if "text" in body:
            return Content(outbox.check_text(body["text"], conversation.platform), reply_to=quoted)
        if "file" in body:
            file = read_file(body["file"].name, body["file"], conversation.platform)
            return Content(file=file, reply_to=quoted)
        return Content(file=earlier_file(conversation, body["attachment"], user), reply_to=quoted)
    except TextRefused as error:
        raise ValidationError({"text": [str(error)]}) from None
    except FileRefused as error:
        field = "file" if "file" in body else "attachment"
        raise ValidationError({field: [str(error)]}) from None


def quoted_message(conversation: Conversation, event_id: int) -> str:
    """Return the Facebook ID of a message of this conversation."""
    event = InteractionEvent.objects.filter(conversation=conversation, pk=min(event_id, MAX_ID)).first()
    if event is None or not event.is_quotable:
        raise ValidationError({"replyTo": [gettext("There is no such message in this conversation.")]})
    return event.graph_id or ""


def earlier_file(conversation: Conversation, attachment: dict, user) -> OutgoingFile:
    """Return the file of an earlier message of the same Page. Raises FacebookRefused and FileRefused."""
    events = InteractionEvent.objects.select_related("conversation")
    own = events.filter(conversation__page_id=conversation.page_id, kind__startswith="message_")
    event = get_object_or_404(own, pk=min(attachment["event"], MAX_ID))
    with asking_facebook(user):
        found = open_content(event, attachment["index"], Part.CONTENT, user)
        try:
            content = b"".join(iter(found.source.read, b""))
        finally:
            found.source.close()
    return read_file(found.name or "file", content[: MAX_BYTES + 1], conversation.platform)
