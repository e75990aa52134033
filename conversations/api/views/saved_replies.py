from copy import copy

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field, inline_serializer
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.actions.reply_texts import InvalidReply, clean_shortcut, clean_text, use_reply
from conversations.api.bulk_response import storable_ids
from conversations.api.pagination import KeysetPagination
from conversations.api.query_params import ALL_PAGES, requested_page_ids
from conversations.api.request_serializers import IdField, NameField, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers.error import ErrorSerializer
from conversations.lib.folding import fold
from conversations.models import Conversation, SavedReply
from conversations.models.answers.saved_replies import (
    MAX_REPLIES,
    MAX_SHORTCUT,
    TOO_MANY,
    count_beside,
    notify_of_reply,
)
from conversations.permissions import TAGGER, ReplyRights, page_ids, require_role
from conversations.search.filters import MAX_SEARCH_LETTERS

PAGE = OpenApiParameter(
    "facebookPageId", str, description="Those of this Page and those for all; without it: of all your Pages."
)
SEARCH = OpenApiParameter("search", str, description="Part of the name, the shortcut or the text.")


class ReplyPagination(KeysetPagination):
    name, default_limit, max_limit = "savedReplies", 100, 1000


class MakerSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField(source="username")


class SavedReplySerializer(serializers.ModelSerializer):
    facebookPageId = serializers.CharField(
        source="page.facebook_page_id", default=None, allow_null=True, help_text="null: for all Pages"
    )
    maker = serializers.SerializerMethodField(help_text="null: the user was deleted")
    lastUsedAt = serializers.DateTimeField(source="last_used_at", allow_null=True)
    mayChange = serializers.SerializerMethodField(help_text="Whether you may change and delete it")

    class Meta:
        model = SavedReply
        fields = [
            "id",
            "name",
            "shortcut",
            "text",
            "facebookPageId",
            "maker",
            "uses",
            "lastUsedAt",
            "mayChange",
        ]

    @extend_schema_field(MakerSerializer(allow_null=True))
    def get_maker(self, reply) -> dict | None:
        return MakerSerializer(reply.maker).data if reply.maker else None

    def get_mayChange(self, reply) -> bool:
        return self.context["rights"].may_change(reply)


class SavedReplyBody(serializers.Serializer):
    name = NameField()
    text = serializers.CharField(help_text="With variables such as {first_name}")
    shortcut = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=MAX_SHORTCUT + 1,
        help_text="Without its slash",
    )
    facebookPageId = serializers.CharField(
        required=False, allow_null=True, default=None, help_text="null: for all Pages"
    )

    def validate(self, attrs):
        try:
            text, shortcut = clean_text(attrs["text"]), clean_shortcut(attrs["shortcut"])
        except InvalidReply as error:
            raise ValidationError({error.field: [str(error)]}) from None
        return {**attrs, "text": text, "shortcut": shortcut}


class UseBody(serializers.Serializer):
    conversationId = IdField()


ONE = wrapped("savedReply", SavedReplySerializer)
FILLED = inline_serializer(
    "FilledTextAnswer",
    {
        "text": serializers.CharField(),
        "missing": serializers.ListField(
            child=serializers.CharField(), help_text="Variables that are not known: they stand in the text"
        ),
    },
)


class SavedReplyViewSet(GenericViewSet):
    """Texts that staff often send, of one Page or for all Pages."""

    queryset = SavedReply.objects.all()
    serializer_class = SavedReplySerializer
    pagination_class = ReplyPagination
    filter_backends = []
    lookup_value_regex = "[0-9]+"
    parameters = {"list": {"facebookPageId", "search", *ReplyPagination.parameters}}

    def get_queryset(self):
        replies = SavedReply.objects.usable_on(page_ids(self.request.user))
        return replies.select_related("page", "maker").defer("page__access_token")

    def get_serializer_context(self):
        return {**super().get_serializer_context(), "rights": self.rights}

    @property
    def rights(self) -> ReplyRights:
        return ReplyRights(self.request.user)

    @extend_schema(
        parameters=[PAGE, SEARCH], responses={200: SavedReplySerializer(many=True), 404: ErrorSerializer}
    )
    def list(self, request):
        """List the saved replies that you can use, newest first."""
        params, replies = request.query_params, self.get_queryset()
        facebook_page_id = params.get("facebookPageId", "").strip()
        if facebook_page_id not in ALL_PAGES:
            replies = replies.usable_on(requested_page_ids(request.user, facebook_page_id))
        if term := fold(search_term(params)):
            replies = replies.filter(search__contains=term)
        rows = self.paginate_queryset(replies)
        return self.get_paginated_response(self.get_serializer(rows, many=True).data)

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """Return one saved reply."""
        return self.reply_response(self.get_object())

    @extend_schema(request=SavedReplyBody, responses={201: ONE, 404: ErrorSerializer, 409: ErrorSerializer})
    def create(self, request):
        """Save a reply of a Page (tagger), or for all Pages (tagger of any)."""
        reply = SavedReply(maker=request.user)
        self.save_reply(reply)
        return self.reply_response(reply, status.HTTP_201_CREATED)

    @extend_schema(request=SavedReplyBody, responses={200: ONE, 409: ErrorSerializer})
    def update(self, request, pk):
        """Change a saved reply (its maker, managers of its Page; of one for all Pages: of all Pages)."""
        self.save_reply(self.get_changeable())
        return self.retrieve(request, pk)

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Delete a saved reply (as changing it)."""
        reply = self.get_changeable()
        with transaction.atomic():
            reply.delete()
            notify_of_reply(reply)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=UseBody, responses={200: FILLED})
    @action(detail=True, methods=["post"], pagination_class=None)
    def use(self, request, pk):
        """Return its text for the customer of a conversation, and count the use (tagger)."""
        reply = self.get_object()
        key = read_body(request, UseBody)["conversationId"]
        conversations = Conversation.objects.for_pages(page_ids(request.user)).select_related("page")
        conversation = get_object_or_404(conversations, pk__in=storable_ids([key]))
        require_role(request.user, [conversation.page_id], TAGGER)
        if reply.page_id not in (None, conversation.page_id):
            message = gettext("This saved reply belongs to another Page.")
            raise ValidationError({"conversationId": [message]})
        return Response(use_reply(reply, conversation, user=request.user)._asdict())

    def get_changeable(self) -> SavedReply:
        reply = self.get_object()
        self.rights.require_change(reply)
        return reply

    def save_reply(self, reply: SavedReply) -> None:
        body, before = read_body(self.request, SavedReplyBody), copy(reply)
        page_id = self.requested_page(body["facebookPageId"])
        if before.pk is None or page_id != before.page_id:
            self.rights.require_making(page_id)
        reply.page_id, reply.name = page_id, body["name"]
        reply.text, reply.shortcut = body["text"], body["shortcut"]
        if count_beside(reply) >= MAX_REPLIES:
            raise ValidationError({"name": [TOO_MANY % {"number": MAX_REPLIES}]})
        with transaction.atomic():
            reply.save()
            notify_of_reply(*((before,) if before.pk else ()), reply)

    def requested_page(self, facebook_page_id: str | None) -> int | None:
        if facebook_page_id is None or facebook_page_id in ALL_PAGES:
            return None
        [page_id] = requested_page_ids(self.request.user, facebook_page_id)
        return page_id

    def reply_response(self, reply: SavedReply, code: int = status.HTTP_200_OK) -> Response:
        return Response({"savedReply": self.get_serializer(reply).data}, status=code)


def search_term(params) -> str:
    term = params.get("search", "").strip()
    if len(term) > MAX_SEARCH_LETTERS:
        message = gettext("Use at most %(highest)s characters, not %(number)s.")
        numbers = {"highest": MAX_SEARCH_LETTERS, "number": len(term)}
        raise ValidationError({"search": [message % numbers]})
    return term
