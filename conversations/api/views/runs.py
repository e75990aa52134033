from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.access import MANAGER, require_role
from conversations.api.bodies import EmptyBody, read_body
from conversations.api.pagination import RunPagination
from conversations.api.schema import wrapped
from conversations.api.serializers import ErrorSerializer, RunSerializer
from conversations.jobs import cancel_sync
from conversations.models import Page, SyncRun
from conversations.reading.values import as_id

PAGE = OpenApiParameter(
    "page", {"type": "integer", "minimum": 1}, description="Runs of this Page only, by our id of it."
)
ONE = wrapped("sync_run", RunSerializer)


class RunViewSet(GenericViewSet):
    """Executions of syncs, newest first."""

    queryset = SyncRun.objects.all()
    serializer_class = RunSerializer
    pagination_class = RunPagination
    lookup_value_regex = "[0-9]+"
    parameters = {"list": {"page", *RunPagination.parameters}}

    def get_queryset(self):
        return SyncRun.objects.visible_to(self.request.user).briefly()

    def get_serializer_context(self):
        managed = Page.objects.visible_to(self.request.user, at_least=MANAGER)
        return {**super().get_serializer_context(), "managed": set(managed.values_list("pk", flat=True))}

    @extend_schema(parameters=[PAGE])
    def list(self, request):
        """Runs, newest first."""
        runs = self.get_queryset()
        if page := request.query_params.get("page", "").strip():
            runs = runs.filter(page=self.page_of(page))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(runs), many=True).data)

    def page_of(self, text: str) -> Page:
        try:
            page_id = as_id(text)
        except ValueError as error:
            raise ValidationError({"page": [str(error)]}) from None
        page = Page.objects.visible_to(self.request.user).filter(pk=page_id).first()
        if page is None:
            raise NotFound(f"There is no Page {page_id} that you may see.")
        return page

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """One run."""
        return Response({"sync_run": self.get_serializer(self.get_object()).data})

    @extend_schema(
        request=EmptyBody,
        responses={
            200: ONE,
            409: OpenApiResponse(ErrorSerializer, "It has ended already"),
        },
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Ends a run as cancelled, wherever it is in work (manager). What was stored is kept."""
        read_body(request, EmptyBody)
        run = self.get_object()
        require_role(request.user, [run.page_id], MANAGER)
        return Response({"sync_run": self.get_serializer(cancel_sync(run, asked_by=request.user)).data})
