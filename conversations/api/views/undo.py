import uuid

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView

from conversations.actions.tagging import undo
from conversations.actions.targets import count_targets, targets_of_operation
from conversations.api.bulk_response import bulk_response
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.serializers import BulkResultSerializer, ErrorSerializer
from conversations.permissions import TAGGER, page_ids, require_role

ACT = OpenApiParameter("act", OpenApiTypes.UUID, OpenApiParameter.PATH, description="`act` of the response.")


def parse_operation(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("Operation not found.") from None


class UndoView(APIView):
    action = "post"  # KnownParameters: no parameters

    @extend_schema(
        parameters=[ACT],
        request=EmptyBody,
        responses={200: BulkResultSerializer, 404: ErrorSerializer},
    )
    @transaction.atomic
    def post(self, request, act: str):
        """Undo an action, except where somebody has changed the same tag or status since (tagger)."""
        read_body(request, EmptyBody)
        operation = parse_operation(act)
        targets = targets_of_operation(operation)
        if not set(targets.page_ids) & set(page_ids(request.user)):
            raise NotFound("Operation not found.")
        require_role(request.user, targets.page_ids, TAGGER)
        matched = count_targets(targets)
        changed, undo_operation = undo(operation, targets, actor=request.user)
        return bulk_response("Restored", matched, len(changed), undo_operation)
