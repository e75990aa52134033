from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.pagination import RunPagination
from conversations.api.request_serializers import EmptyBody, read_body
from conversations.api.schema import wrapped
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.run import RunSerializer
from conversations.models import Page, SyncRun
from conversations.permissions import MANAGER, page_ids, require_role
from conversations.search.parsing import parse_id
from conversations.tasks import cancel_sync

PAGE = OpenApiParameter(
    "page", {"type": "integer", "minimum": 1}, description="Only runs of this Page, by `id`."
)
ONE = wrapped("sync_run", RunSerializer)


class RunViewSet(GenericViewSet):
    """Sync runs, newest first."""

    queryset = SyncRun.objects.all()
    serializer_class = RunSerializer
    pagination_class = RunPagination
    lookup_value_regex = "[0-9]+"
    parameters = {"list": {"page", *RunPagination.parameters}}

    def get_queryset(self):
        return SyncRun.objects.visible_to(self.request.user).without_details()

    def get_serializer_context(self):
        managed = page_ids(self.request.user, MANAGER)
        return {**super().get_serializer_context(), "managed": set(managed)}

    @extend_schema(parameters=[PAGE])
    def list(self, request):
        """List sync runs, newest first."""
        runs = self.get_queryset()
        if page := request.query_params.get("page", "").strip():
            runs = runs.filter(page=self.page_of(page))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(runs), many=True).data)

    def page_of(self, text: str) -> Page:
        try:
            page_id = parse_id(text)
        except ValueError as error:
            raise ValidationError({"page": [str(error)]}) from None
        page = Page.objects.visible_to(self.request.user).filter(pk=page_id).first()
        if page is None:
            raise NotFound(gettext("Page not found."))
        return page

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """Return one sync run."""
        return Response({"sync_run": self.get_serializer(self.get_object()).data})

    @extend_schema(
        request=EmptyBody,
        responses={
            200: ONE,
            409: OpenApiResponse(ErrorSerializer, "The run has already ended"),
        },
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Cancel a run, whichever worker it runs in (manager). Stored conversations are kept."""
        read_body(request, EmptyBody)
        run = self.get_object()
        require_role(request.user, [run.page_id], MANAGER)
        return Response({"sync_run": self.get_serializer(cancel_sync(run, asked_by=request.user)).data})
