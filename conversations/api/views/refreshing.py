"""One conversation as Facebook has it now."""

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from conversations.api.access import TaggersChange, page_ids
from conversations.api.bodies import EmptyBody, read_body
from conversations.api.params import KnownParameters
from conversations.api.serializers import ConversationSerializer, ErrorSerializer
from conversations.api.views.sync import AnyAccept
from conversations.models import Conversation, InteractionEvent
from conversations.reading import rows
from conversations.reading.values import BIGGEST_ID
from conversations.refreshing import fresh_attachment, refresh


class RefreshedSerializer(serializers.Serializer):
    conversation = ConversationSerializer()
    eventsCreated = serializers.IntegerField(help_text="New messages")
    message = serializers.CharField(help_text="What came, in words")


REFUSALS = {
    404: ErrorSerializer,
    409: OpenApiResponse(ErrorSerializer, "A person must connect the Page again"),
    410: OpenApiResponse(ErrorSerializer, "Facebook no longer shows it"),
    502: OpenApiResponse(ErrorSerializer, "Facebook failed, or makes us wait"),
}


class OfConversation(GenericAPIView):
    queryset = Conversation.objects.all()
    permission_classes = [IsAuthenticated, KnownParameters, TaggersChange]
    pagination_class = None
    filter_backends = []

    def get_queryset(self):
        return Conversation.objects.for_pages(page_ids(self.request.user))


class RefreshView(OfConversation):
    @extend_schema(request=EmptyBody, responses={200: RefreshedSerializer, **REFUSALS})
    def post(self, request, pk):
        """Reads its newest state and messages from Facebook, now (tagger)."""
        read_body(request, EmptyBody)
        conversation = self.get_object()
        done = refresh(conversation)
        answer = {"conversation": rows.one(conversation.pk), "eventsCreated": done.events_created}
        return Response({**answer, "message": done.message})


class AttachmentView(OfConversation):
    content_negotiation_class = AnyAccept

    @extend_schema(
        responses={302: OpenApiResponse(description="`Location`: a link that works now"), **REFUSALS}
    )
    def get(self, request, pk, event, index):
        """Leads to an attachment of a message, by a link that Facebook gives anew."""
        events = InteractionEvent.objects.select_related("conversation")
        wanted = min(int(event), BIGGEST_ID)
        found = get_object_or_404(events, pk=wanted, conversation=self.get_object())
        answer = HttpResponseRedirect(fresh_attachment(found, int(index[:9])))
        answer["Referrer-Policy"] = "no-referrer"
        return answer
