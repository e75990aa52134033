import uuid

from django.db import transaction
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.views import APIView

from conversations.api.access import TAGGER, page_ids, require_role
from conversations.api.bodies import EmptyBody, read_body
from conversations.api.bulk import bulk_answer
from conversations.api.serializers import BulkResultSerializer, ErrorSerializer
from conversations.choosing import chosen_by_act, count
from conversations.tagging import undo

ACT = OpenApiParameter("act", OpenApiTypes.UUID, OpenApiParameter.PATH, description="As the act told it.")


def as_act(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise NotFound("There is no such act that you may see.") from None


class UndoView(APIView):
    action = "post"  # it takes no parameters

    @extend_schema(
        parameters=[ACT],
        request=EmptyBody,
        responses={200: BulkResultSerializer, 404: ErrorSerializer},
    )
    @transaction.atomic
    def post(self, request, act: str):
        """Takes back what an act did, where nobody changed the same tag or the status since (tagger)."""
        read_body(request, EmptyBody)
        known = as_act(act)
        chosen = chosen_by_act(known)
        if not set(chosen.page_ids) & set(page_ids(request.user)):
            raise NotFound("There is no such act that you may see.")
        require_role(request.user, chosen.page_ids, TAGGER)
        matched = count(chosen)
        changed, own = undo(known, chosen, actor=request.user)
        return bulk_answer("Restored", matched, len(changed), own)
