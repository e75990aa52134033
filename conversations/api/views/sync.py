"""Requests a sync and follows its progress; streaming.py sends the responses."""

from functools import partial

from django.utils.translation import gettext
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.api.negotiation import IgnoreAcceptHeader
from conversations.api.request_serializers import FlagField, IdField, read_body
from conversations.api.serializers.error import ErrorSerializer
from conversations.api.serializers.run import CountersSerializer
from conversations.api.streaming import StreamLater, stream_headers, wait_for_run, watch_pages, watch_run
from conversations.api.subscriptions import RunReader, credential_of, current_permissions, permissions_of
from conversations.models import Page, SyncRun
from conversations.models.run_counters import IN_PROGRESS
from conversations.permissions import MANAGER, require_role
from conversations.tasks import request_sync

PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    enum=["respond-async"],
    description="Do not wait: 202 immediately.",
)
PAGE = OpenApiParameter(
    "facebookPageId", str, description="Facebook ID of one Page; default: all you may see."
)
# OpenAPI has no type for a stream; generators read it as text, or hand it out unread.
STREAM = OpenApiResponse(str, "Server-sent events, one JSON object in the data of each")


class SyncBody(serializers.Serializer):
    pageId = IdField(required=False, help_text="`id` of the Page")
    facebookPageId = IdField(required=False, help_text="Facebook ID; one of the two is enough")
    forceFull = FlagField(default=False)


class SyncResultSerializer(CountersSerializer):
    counters = IN_PROGRESS
    success = serializers.BooleanField(help_text="True only if no thread is pending")
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)
    syncMode = serializers.ChoiceField(choices=SyncRun.Mode.choices)
    duration = serializers.FloatField(help_text="Seconds")
    message = serializers.CharField()
    run = serializers.IntegerField()
    error = serializers.CharField(required=False, help_text="If it failed")


class AcceptedSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)


class SyncView(APIView):
    content_negotiation_class = IgnoreAcceptHeader

    @extend_schema(
        parameters=[PREFER],
        request=SyncBody,
        responses={
            200: SyncResultSerializer,
            202: AcceptedSerializer,
            **dict.fromkeys([409, 500, 502], SyncResultSerializer),
            503: OpenApiResponse(SyncResultSerializer, "Interrupted, or not started by a worker within 10 s"),
            404: ErrorSerializer,
        },
    )
    def post(self, request):
        """Sync a Page and return the result (manager). Joins a run that is queued or running."""
        run = request_run(request)
        if "respond-async" in request.headers.get("Prefer", ""):
            headers = {"Location": f"/api/sync-runs/{run.pk}"}
            body = {"run": run.pk, "status": run.status}
            return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)
        return StreamLater(request, partial(wait_for_run, reader_of(request, run)))


class SyncStreamView(APIView):
    content_negotiation_class = IgnoreAcceptHeader

    @extend_schema(request=SyncBody, responses={(200, "text/event-stream"): STREAM, 404: ErrorSerializer})
    def post(self, request):
        """Sync a Page and stream its progress until the end (manager)."""
        return StreamLater(request, partial(watch_run, reader_of(request, request_run(request))))


class EventsView(APIView):
    content_negotiation_class = IgnoreAcceptHeader
    action = "get"
    parameters = {"get": {"facebookPageId"}}

    @extend_schema(parameters=[PAGE], responses={(200, "text/event-stream"): STREAM, 404: ErrorSerializer})
    def get(self, request):
        """Stream the progress of all syncs of your Pages as `event: progress`.

        `event: changed` means that something has changed that a screen shows of the Page.
        """
        facebook_page_id = request.query_params.get("facebookPageId", "").strip()
        permissions_of(request.user, facebook_page_id)  # raises NotFound before the stream opens
        if request.method == "HEAD":
            return stream_headers()
        read_permissions = partial(current_permissions, credential_of(request), facebook_page_id)
        return StreamLater(request, partial(watch_pages, request.user.pk, read_permissions))


def reader_of(request, run: SyncRun) -> RunReader:
    return RunReader(run.pk, request.user.pk, credential_of(request))


def request_run(request) -> SyncRun:
    body = read_body(request, SyncBody)
    page = requested_page(request.user, body)
    require_role(request.user, [page.pk], MANAGER)
    return request_sync(page, full=body["forceFull"], trigger="api", asked_by=request.user)


def requested_page(user, body: dict) -> Page:
    """Return the Page that the body names by ID, Facebook ID or both.

    Raises ValidationError, or NotFound if the user may not see it.
    """
    if "pageId" not in body and "facebookPageId" not in body:
        raise ValidationError({"pageId": [gettext("Provide pageId or facebookPageId.")]})
    visible = list(Page.objects.visible_to(user).in_bulk().values())
    by_id = [page for page in visible if page.pk == body.get("pageId")]
    by_facebook_id = [page for page in visible if page.facebook_page_id == str(body.get("facebookPageId"))]
    matches = by_id or by_facebook_id
    if not matches or ("facebookPageId" not in body and not by_id):
        raise NotFound(gettext("Page not found."))
    if "pageId" in body and "facebookPageId" in body and by_id != by_facebook_id:
        raise ValidationError(
            {"facebookPageId": [gettext("pageId and facebookPageId name different Pages.")]}
        )
    return matches[0]
