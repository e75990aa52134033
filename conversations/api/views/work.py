"""What staff do with conversations beside tags and statuses: read, assign, snooze and note."""

import uuid
from datetime import datetime
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.actions.assigning import assign_conversations, count_assignee_changes
from conversations.actions.bulk_operations import start_assigning, start_marking, start_snooze
from conversations.actions.notes import (
    MAX_LETTERS,
    Colleague,
    InvalidNote,
    add_note,
    delete_note,
    edit_note,
    notes_of,
)
from conversations.actions.operation_texts import (
    ASSIGNED,
    MARKED_READ,
    MARKED_UNREAD,
    SNOOZE_ENDED,
    SNOOZED,
    UNASSIGNED,
)
from conversations.actions.reading import count_read_changes, mark_read
from conversations.actions.snoozing import count_snooze_changes, snooze
from conversations.actions.targets import Targets, page_ids_of, targets_by_id
from conversations.api.bulk_response import run_bulk_action
from conversations.api.request_serializers import (
    BulkBody,
    EmptyBody,
    FlagField,
    IdField,
    SnoozeField,
    read_body,
)
from conversations.api.schema import wrapped
from conversations.api.serializers.bulk import BulkOperationSerializer, BulkResultSerializer
from conversations.api.serializers.conversation import ChangedConversationSerializer, ConversationSerializer
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.event import EventSerializer
from conversations.lib.text import is_plain
from conversations.models import Conversation, InteractionEvent
from conversations.permissions import MANAGER, TAGGER, assignable_user, colleagues_of, has_role
from conversations.search import rows
from conversations.search.parsing import MAX_ID

ONE = wrapped("conversation", ConversationSerializer)
EVENT = wrapped("event", EventSerializer)
BULK = {200: BulkResultSerializer, 202: BulkOperationSerializer, 429: ErrorSerializer}
NO_LIST: dict[str, Any] = {"filter_backends": [], "pagination_class": None}


class AssigneeBody(serializers.Serializer):
    userId = IdField(allow_null=True, help_text="null: nobody")


class BulkAssignBody(AssigneeBody, BulkBody):
    pass


class BulkReadBody(BulkBody):
    read = FlagField(default=True)


class BulkSnoozeBody(BulkBody):
    snoozed_until = SnoozeField(allow_null=True, help_text="null: end the snooze")


class NoteBody(serializers.Serializer):
    text = serializers.CharField(max_length=MAX_LETTERS)

    def validate_text(self, text: str) -> str:
        if not is_plain(text):
            raise ValidationError(gettext("This value contains characters that are not allowed."))
        return text


def changed_conversation(conversation: Conversation, operation: uuid.UUID | None) -> Response:
    """Return the conversation, and what undoes the change; None: nothing has changed."""
    return Response({"conversation": rows.conversation_row(conversation.pk), "act": operation})


def require_assignable(user_id: int | None, page_ids: list[int]) -> None:
    if user_id is not None and not assignable_user(user_id, page_ids):
        message = gettext("There is no such user with the role %(role)s on the Page.") % {"role": TAGGER}
        raise ValidationError({"userId": [message]})


class ConversationWork(GenericViewSet):
    """A part of ConversationViewSet."""

    # -- read and unread
    @extend_schema(request=EmptyBody, responses=ONE)
    @action(detail=True, methods=["post"], **NO_LIST)
    def read(self, request, pk):
        """Mark a conversation as read (tagger)."""
        return self.mark(request, is_read=True)

    @extend_schema(request=EmptyBody, responses=ONE)
    @action(detail=True, methods=["post"], **NO_LIST)
    def unread(self, request, pk):
        """Mark a conversation as unread (tagger)."""
        return self.mark(request, is_read=False)

    def mark(self, request, *, is_read: bool) -> Response:
        conversation = self.get_object()
        read_body(request, EmptyBody)
        mark_read(is_read, targets_by_id([conversation.pk]))
        return Response({"conversation": rows.conversation_row(conversation.pk)})

    @extend_schema(request=BulkReadBody, responses=BULK)
    @action(detail=False, methods=["post"], url_path="bulk-read")
    def bulk_read(self, request):
        """Mark many conversations as read or unread, by ID or filter (tagger). It cannot be undone."""
        body = read_body(request, BulkReadBody)
        is_read = body["read"]
        return run_bulk_action(
            request.user,
            body,
            MARKED_READ if is_read else MARKED_UNREAD,
            count_changes=lambda targets: count_read_changes(is_read, targets),
            change=lambda targets, operation: mark_read(is_read, targets),
            start=lambda targets, audited: start_marking(
                is_read, targets, actor=request.user, audited=audited
            ),
            is_undoable=False,
        )

    # -- assignees
    @extend_schema(request=AssigneeBody, responses=ChangedConversationSerializer)
    @action(detail=True, methods=["put"], **NO_LIST)
    def assignee(self, request, pk):
        """Assign a conversation to a user who is tagger of its Page or more, or to nobody (tagger)."""
        conversation = self.get_object()
        user_id = read_body(request, AssigneeBody)["userId"]
        require_assignable(user_id, [conversation.page_id])
        operation, targets = uuid.uuid4(), targets_by_id([conversation.pk])
        changed = assign_conversations(user_id, targets, actor=request.user, operation=operation)
        return changed_conversation(conversation, operation if changed else None)

    @extend_schema(request=BulkAssignBody, responses=BULK)
    @action(detail=False, methods=["post"], url_path="bulk-assign")
    def bulk_assign(self, request):
        """Assign many conversations, by ID or filter: all, or none on an error (tagger)."""
        body = read_body(request, BulkAssignBody)
        user_id = body["userId"]

        def check(targets: Targets) -> None:
            require_assignable(user_id, page_ids_of(targets))

        return run_bulk_action(
            request.user,
            body,
            UNASSIGNED if user_id is None else ASSIGNED,
            check=check,
            count_changes=lambda targets: count_assignee_changes(user_id, targets),
            change=lambda targets, operation: assign_conversations(
                user_id, targets, actor=request.user, operation=operation
            ),
            start=lambda targets, audited: start_assigning(
                user_id, targets, actor=request.user, audited=audited
            ),
        )

    # -- snooze
    @extend_schema(request=BulkSnoozeBody, responses=BULK)
    @action(detail=False, methods=["post"], url_path="bulk-snooze")
    def bulk_snooze(self, request):
        """Snooze many conversations, by ID or filter; what is done stays as it is (tagger)."""
        body = read_body(request, BulkSnoozeBody)
        until: datetime | None = body["snoozed_until"]
        return run_bulk_action(
            request.user,
            body,
            SNOOZE_ENDED if until is None else SNOOZED,
            count_changes=lambda targets: count_snooze_changes(until, targets),
            change=lambda targets, operation: snooze(until, targets, actor=request.user, operation=operation),
            start=lambda targets, audited: start_snooze(until, targets, actor=request.user, audited=audited),
        )

    # -- notes
    @extend_schema(request=NoteBody, responses={201: EVENT})
    @action(detail=True, methods=["post"], **NO_LIST)
    def notes(self, request, pk):
        """Add a note, which no customer sees (tagger). `@name` mentions a user of the Page."""
        conversation = self.get_object()
        text = read_body(request, NoteBody)["text"]
        try:
            event = add_note(conversation, text, colleagues=people(conversation), actor=request.user)
        except InvalidNote as error:
            raise ValidationError({"text": [str(error)]}) from None
        return Response({"event": EventSerializer(event).data}, status.HTTP_201_CREATED)

    @extend_schema(request=NoteBody, responses=EVENT)
    @action(detail=True, methods=["patch"], url_path=r"notes/(?P<event>[0-9]+)", **NO_LIST)
    def note(self, request, pk, event):
        """Change a note (its author, or manager)."""
        note = self.get_note(event)
        text = read_body(request, NoteBody)["text"]
        try:
            note = edit_note(note, text, colleagues=people(note.conversation))
        except InvalidNote as error:
            raise ValidationError({"text": [str(error)]}) from None
        return Response({"event": EventSerializer(note).data})

    @extend_schema(responses={204: OpenApiResponse(description="Deleted")})
    @note.mapping.delete
    def remove_note(self, request, pk, event):
        """Delete a note (its author, or manager)."""
        delete_note(self.get_note(event))
        return Response(status=status.HTTP_204_NO_CONTENT)

    def get_note(self, event: str) -> InteractionEvent:
        """Return a note that the user may change. Raises Http404 and PermissionDenied."""
        conversation = self.get_object()
        if int(event[:20]) > MAX_ID:
            raise Http404
        notes = notes_of(conversation).select_related("actor", "conversation")
        note = get_object_or_404(notes, pk=event)
        if note.actor_id != self.request.user.pk and not has_role(
            self.request.user, [conversation.page_id], MANAGER
        ):
            raise PermissionDenied(gettext("Only its author and managers change a note."))
        return note


def people(conversation: Conversation) -> list[Colleague]:
    """Return who can be mentioned in a note of this conversation."""
    return [Colleague(each.id, each.name) for each in colleagues_of(conversation.page_id)]
