"""Reads one conversation from Facebook while the user waits."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from conversations.actions.refresh import facebook_url, refresh
from conversations.api.permissions import TaggerOrReadOnly
from conversations.api.query_params import KnownMethod, KnownParameters
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.serializers.conversation import ConversationSerializer
from conversations.api.serializers.error import ErrorSerializer
from conversations.connections.interactive import asking_facebook
from conversations.models import Conversation
from conversations.permissions import page_ids
from conversations.search import rows


class RefreshedSerializer(serializers.Serializer):
    conversation = ConversationSerializer()
    eventsCreated = serializers.IntegerField(help_text="New messages")
    message = serializers.CharField(help_text="What changed, as a sentence")


class FacebookAddressSerializer(serializers.Serializer):
    url = serializers.CharField(help_text="Of the conversation in Facebook's own inbox")


ERRORS = {
    404: ErrorSerializer,
    409: OpenApiResponse(ErrorSerializer, "A person must connect the Page again"),
    410: OpenApiResponse(ErrorSerializer, "Not available at Facebook any more"),
    502: OpenApiResponse(ErrorSerializer, "Facebook failed, or its rate limit is reached"),
}


class ConversationAPIView(GenericAPIView):
    queryset = Conversation.objects.all()
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters, TaggerOrReadOnly]
    pagination_class = None
    filter_backends = []

    def get_queryset(self):
        return Conversation.objects.for_pages(page_ids(self.request.user))


class RefreshView(ConversationAPIView):
    @extend_schema(request=EmptyBody, responses={200: RefreshedSerializer, **ERRORS})
    def post(self, request, pk):
        """Read the current state and new messages from Facebook (tagger)."""
        read_body(request, EmptyBody)
        conversation = self.get_object()
        with asking_facebook(request.user):
            result = refresh(conversation)
        return Response(
            {
                "conversation": rows.conversation_row(conversation.pk),
                "eventsCreated": result.events_created,
                "message": result.message,
            }
        )


class FacebookView(ConversationAPIView):
    @extend_schema(responses={200: FacebookAddressSerializer, **ERRORS})
    def get(self, request, pk):
        """Return the address of the conversation in Facebook's own inbox, which only Facebook knows."""
        conversation = self.get_object()
        with asking_facebook(request.user):
            return Response({"url": facebook_url(conversation)})
