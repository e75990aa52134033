"""The draft of an answer: each user has one of each conversation, on every device."""

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from conversations.api.request_serializers import IdField, read_body
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.views.refresh import ConversationAPIView
from conversations.models import Draft
from conversations.models.answers.drafts import MAX_TEXT, store_draft
from conversations.permissions import AGENT, require_role
from conversations.search.parsing import MAX_ID


class DraftBody(serializers.Serializer):
    text = serializers.CharField(allow_blank=True, max_length=MAX_TEXT, trim_whitespace=False)
    replyTo = IdField(
        required=False, allow_null=True, default=None, help_text="ID of the event that is quoted"
    )

    def validate_replyTo(self, event_id: int | None) -> int | None:
        return event_id if event_id is None or event_id <= MAX_ID else None  # no event has a higher one


class DraftSerializer(serializers.Serializer):
    text = serializers.CharField()
    replyTo = serializers.IntegerField(source="reply_to", allow_null=True)
    changedAt = serializers.DateTimeField(source="changed_at")


class DraftAnswerSerializer(serializers.Serializer):
    draft = serializers.SerializerMethodField(help_text="null: there is none")

    @extend_schema_field(DraftSerializer(allow_null=True))
    def get_draft(self, draft) -> dict | None:
        return DraftSerializer(draft).data if draft else None


class DraftView(ConversationAPIView):
    @extend_schema(responses={200: DraftAnswerSerializer, 404: ErrorSerializer})
    def get(self, request, pk):
        """Return what you have written in this conversation and not sent yet."""
        conversation = self.get_object()
        return answer(Draft.objects.filter(user=request.user, conversation=conversation).first())

    @extend_schema(request=DraftBody, responses={200: DraftAnswerSerializer, 404: ErrorSerializer})
    def put(self, request, pk):
        """Keep what you have written (agent); without a text and a quoted message the draft is deleted."""
        conversation = self.get_object()
        require_role(request.user, [conversation.page_id], AGENT)
        body = read_body(request, DraftBody)
        return answer(store_draft(request.user, conversation, body["text"], body["replyTo"]))


def answer(draft: Draft | None) -> Response:
    return Response({"draft": DraftSerializer(draft).data if draft else None})
