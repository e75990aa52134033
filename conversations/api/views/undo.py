import uuid

from django.db import transaction
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.actions.bulk_operations import (
    cancel_operation,
    find_operation,
    pages_to_undo,
    undo_at_once_or_in_slices,
)
from conversations.actions.operation_texts import SENTENCES
from conversations.actions.own_changes import own_changes
from conversations.api.bulk_response import accepted, bulk_response
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers.bulk import (
    BulkOperationListSerializer,
    BulkOperationSerializer,
    BulkResultSerializer,
)
from conversations.api.serializers.error import ErrorSerializer
from conversations.models import BulkOperation
from conversations.permissions import TAGGER, may_see_operation, page_ids, require_cancel, require_role

ACT = OpenApiParameter("act", OpenApiTypes.UUID, OpenApiParameter.PATH, description="`act` of the response.")


def parse_operation(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound(gettext("Operation not found.")) from None


def operation_for(user, act: str) -> BulkOperation:
    """Return the bulk operation in slices. Raises NotFound unless the user may see it."""
    operation = find_operation(parse_operation(act))
    if operation is None or not may_see_operation(user, operation):
        raise NotFound(gettext("Operation not found."))
    return operation


class OperationsView(APIView):
    action = "get"  # KnownParameters: no parameters

    @extend_schema(operation_id="acts_list", responses=BulkOperationListSerializer)
    def get(self, request):
        """List your own actions on more than 10,000 conversations that are in progress, oldest first."""
        own = BulkOperation.objects.active().filter(actor=request.user).order_by("pk")
        visible = [operation for operation in own if may_see_operation(request.user, operation)]
        return Response({"acts": BulkOperationSerializer(visible, many=True).data})


class OwnChangeSerializer(serializers.Serializer):
    act = serializers.UUIDField(help_text="Operation ID in the events of this change")
    message = serializers.CharField(help_text="What was done, as a sentence")
    matched = serializers.IntegerField()
    changed = serializers.IntegerField(help_text="Conversations that changed")
    created_at = serializers.DateTimeField()
    undone = serializers.BooleanField(help_text="Whether you have undone it")


class OwnChangesView(APIView):
    action = "get"  # KnownParameters: no parameters

    @extend_schema(operation_id="acts_own", responses=wrapped("acts", OwnChangeSerializer, many=True))
    def get(self, request):
        """List your own 50 newest changes of tags and statuses, of one conversation or many, newest first."""
        return Response({"acts": OwnChangeSerializer(own_changes(request.user), many=True).data})


class OperationView(APIView):
    action = "get"  # KnownParameters: no parameters

    @extend_schema(parameters=[ACT], responses={200: BulkOperationSerializer, 404: ErrorSerializer})
    def get(self, request, act: str):
        """Return how far an action on more than 10,000 conversations is (who started it, or manager)."""
        return Response(BulkOperationSerializer(operation_for(request.user, act)).data)


class CancelView(APIView):
    action = "post"  # KnownParameters: no parameters

    @extend_schema(
        parameters=[ACT],
        request=EmptyBody,
        responses={200: BulkOperationSerializer, 404: ErrorSerializer, 409: ErrorSerializer},
    )
    def post(self, request, act: str):
        """Cancel such an action (who started it, or manager). What it has changed stays."""
        read_body(request, EmptyBody)
        operation = cancel_operation(operation_for(request.user, act), actor=request.user)
        return Response(BulkOperationSerializer(operation).data)


class UndoView(APIView):
    action = "post"  # KnownParameters: no parameters

    @extend_schema(
        parameters=[ACT],
        request=EmptyBody,
        responses={
            200: BulkResultSerializer,
            202: BulkOperationSerializer,
            404: ErrorSerializer,
            429: ErrorSerializer,
        },
    )
    @transaction.atomic
    def post(self, request, act: str):
        """Undo an action, except where somebody has changed the same tag or status since (tagger).

        One that is still in progress is cancelled first (who started it, or manager).
        """
        read_body(request, EmptyBody)
        operation = parse_operation(act)
        pages = pages_to_undo(operation)
        if not pages & set(page_ids(request.user)):
            raise NotFound(gettext("Operation not found."))
        require_role(request.user, pages, TAGGER)
        require_cancel(request.user, operation)
        result = undo_at_once_or_in_slices(operation, actor=request.user)
        if isinstance(result, BulkOperation):
            return accepted(result)
        return bulk_response(
            SENTENCES[BulkOperation.Action.UNDO], result.matched, result.changed, result.operation
        )
