"""Says who has a conversation open. Nothing is stored."""

import uuid

from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response

from conversations.api.query_params import KnownMethod, KnownParameters
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.views.refresh import ConversationAPIView
from conversations.realtime.presence import announce, presence

TAB = OpenApiParameter(
    "tab", OpenApiTypes.UUID, OpenApiParameter.PATH, description="A random UUID of the tab."
)


class PersonSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class PresenceSerializer(serializers.Serializer):
    people = PersonSerializer(many=True, help_text="Who else has the conversation open")


class PresenceView(ConversationAPIView):
    permission_classes = [IsAuthenticated, KnownMethod, KnownParameters]  # who may read it may say so

    @extend_schema(
        parameters=[TAB], request=EmptyBody, responses={200: PresenceSerializer, 404: ErrorSerializer}
    )
    def put(self, request, pk, tab):
        """Say that this conversation is open in a tab of yours; again every 30 seconds.

        Another conversation in the same tab replaces it. Others get `event: presence`.
        """
        read_body(request, EmptyBody)
        conversation = self.get_object()
        announce(conversation, request.user, parse_tab(tab), is_open=True)
        people = presence.people(conversation.pk)
        return Response({"people": [person for person in people if person["id"] != request.user.pk]})

    @extend_schema(parameters=[TAB], responses={204: None, 404: ErrorSerializer})
    def delete(self, request, pk, tab):
        """Say that the conversation is no longer open in this tab."""
        announce(self.get_object(), request.user, parse_tab(tab), is_open=False)
        return Response(status=204)


def parse_tab(text: str) -> str:
    """Return the UUID as 32 hexadecimal digits. Raises ValidationError."""
    try:
        return uuid.UUID(text).hex
    except ValueError:
        raise ValidationError({"tab": [gettext("Enter a UUID.")]}) from None
