"""Says who has a conversation open. Nothing is stored."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from conversations.api.query_params import KnownMethod, KnownParameters
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.serializers import ErrorSerializer
from conversations.api.views.refresh import ConversationAPIView
from conversations.realtime.presence import announce, presence


class PersonSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class PresenceSerializer(serializers.Serializer):
    people = PersonSerializer(many=True, help_text="Who else has the conversation open")


class PresenceView(ConversationAPIView):
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters]  # who may read it may say so

    @extend_schema(request=EmptyBody, responses={200: PresenceSerializer, 404: ErrorSerializer})
    def put(self, request, pk, tab):
        """Say that this conversation is open in a tab of yours; again every 30 seconds.

        Another conversation in the same tab replaces it. Others get `event: presence`.
        """
        read_body(request, EmptyBody)
        conversation = self.get_object()
        announce(conversation, request.user, tab, is_open=True)
        people = presence.people(conversation.pk)
        return Response({"people": [person for person in people if person["id"] != request.user.pk]})

    @extend_schema(responses={204: None, 404: ErrorSerializer})
    def delete(self, request, pk, tab):
        """Say that the conversation is no longer open in this tab."""
        announce(self.get_object(), request.user, tab, is_open=False)
        return Response(status=204)
