from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.pagination import ThreadPagination
from conversations.api.schema import wrapped
from conversations.api.serializers.ledger import ThreadSerializer
from conversations.api.serializers.page import ColleagueSerializer, PageSerializer
from conversations.models import Page, Thread
from conversations.permissions import TAGGER, colleagues_of, require_role
from conversations.search.parsing import quote

STATES = Thread.State.values
STATE = OpenApiParameter(
    "state", {"type": "string", "enum": STATES}, description="Only threads in this state."
)


class PageViewSet(GenericViewSet):
    """The Facebook Pages that the user may see."""

    queryset = Page.objects.all()
    serializer_class = PageSerializer
    pagination_class = None
    lookup_value_regex = "[0-9]+"
    parameters = {"threads": {"state", *ThreadPagination.parameters}}

    def get_queryset(self):
        user = self.request.user
        return (
            Page.objects.visible_to(user)
            .with_role_of(user)
            .with_counts()
            .with_open_alerts()
            .order_by("name", "pk")
        )

    @extend_schema(responses=wrapped("pages", PageSerializer, many=True))
    def list(self, request):
        """List the Pages that you may see, by name."""
        return Response({"pages": self.get_serializer(self.get_queryset(), many=True).data})

    @extend_schema(responses=wrapped("page", PageSerializer))
    def retrieve(self, request, pk):
        """Return one Page."""
        return Response({"page": self.get_serializer(self.get_object()).data})

    @extend_schema(responses=wrapped("colleagues", ColleagueSerializer, many=True))
    @action(detail=True, filter_backends=[], pagination_class=None)
    def colleagues(self, request, pk):
        """List who may see the Page: whom notes mention, and from tagger on who is assigned (tagger)."""
        page = get_object_or_404(Page.objects.visible_to(request.user), pk=pk)
        require_role(request.user, [page.pk], TAGGER)
        return Response({"colleagues": ColleagueSerializer(colleagues_of(page.pk), many=True).data})

    @extend_schema(parameters=[STATE], responses=ThreadSerializer(many=True))
    @action(detail=True, filter_backends=[], pagination_class=ThreadPagination)
    def threads(self, request, pk):
        """List the threads of the Page with their state; threads that were listed last come first."""
        page = get_object_or_404(Page.objects.visible_to(request.user), pk=pk)
        threads = in_state(page.threads.defer("record"), request.query_params.get("state", "").strip())
        threads = self.paginate_queryset(threads)
        return self.get_paginated_response(ThreadSerializer(threads, many=True).data)


def in_state(threads, state: str):
    """Filter threads by state; all if it is empty."""
    if state and state not in STATES:
        raise ValidationError(
            {
                "state": [
                    gettext("It must be one of %(states)s, not %(state)s.")
                    % {"states": ", ".join(STATES), "state": quote(state)}
                ]
            }
        )
    return threads.filter(state=state) if state else threads
