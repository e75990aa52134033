"""Asking for a sync and watching it. What is checked here is gone on with in streams.py."""

from functools import partial

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.authtoken.models import Token
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.response import Response
from rest_framework.views import APIView

from conversations.api.access import MANAGER, require_role
from conversations.api.bodies import FlagField, IdField, read_body
from conversations.api.rights import RunReader, rights_now, rights_of
from conversations.api.serializers import ErrorSerializer
from conversations.api.streams import Lasting, wait_for_run, watch_pages, watch_run
from conversations.jobs import request_sync
from conversations.models import Page, SyncRun

PREFER = OpenApiParameter(
    "Prefer", str, OpenApiParameter.HEADER, enum=["respond-async"], description="Do not wait: 202 at once."
)
PAGE = OpenApiParameter("facebookPageId", str, description="Facebook's id of one Page; default: all seen.")
# What each event is: the stream itself has no type that a document could name.
EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "event": {"type": "string"},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}
STREAM = OpenApiResponse(EVENT, "Server-sent events, one JSON object in the data of each")


class SyncBody(serializers.Serializer):
    pageId = IdField(required=False, help_text="Our id of the Page")
    facebookPageId = IdField(required=False, help_text="Facebook's; one of the two is enough")
    forceFull = FlagField(default=False)


class OutcomeSerializer(serializers.Serializer):
    success = serializers.BooleanField(help_text="Only where nothing is owed")
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)
    synced = serializers.IntegerField()
    inserted = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    skipped = serializers.IntegerField()
    total = serializers.IntegerField()
    eventsCreated = serializers.IntegerField()
    syncMode = serializers.ChoiceField(choices=SyncRun.Mode.choices)
    duration = serializers.FloatField(help_text="Seconds")
    message = serializers.CharField()
    run = serializers.IntegerField()
    error = serializers.CharField(required=False, help_text="Where it failed")


class AcceptedSerializer(serializers.Serializer):
    run = serializers.IntegerField()
    status = serializers.ChoiceField(choices=SyncRun.Status.choices)


class AnyAccept(BaseContentNegotiation):
    """A stream is what it is, whatever the caller says that it accepts."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class SyncView(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(
        parameters=[PREFER],
        request=SyncBody,
        responses={
            200: OutcomeSerializer,
            202: AcceptedSerializer,
            **dict.fromkeys([409, 500, 502], OutcomeSerializer),
            503: OpenApiResponse(OutcomeSerializer, "Interrupted, or no worker has taken it within 10 s"),
            404: ErrorSerializer,
        },
    )
    def post(self, request):
        """Syncs a Page and answers when it is done (manager). Joins a run that is queued or in work."""
        run = requested_run(request)
        if "respond-async" in request.headers.get("Prefer", ""):
            headers = {"Location": f"/api/sync-runs/{run.pk}"}
            body = {"run": run.pk, "status": run.status}
            return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)
        return Lasting(partial(wait_for_run, reader_of(request, run)))


class SyncStreamView(APIView):
    content_negotiation_class = AnyAccept

    @extend_schema(request=SyncBody, responses={(200, "text/event-stream"): STREAM, 404: ErrorSerializer})
    def post(self, request):
        """Syncs a Page and tells how far it is, until it is done (manager)."""
        return Lasting(partial(watch_run, reader_of(request, requested_run(request))))


class EventsView(APIView):
    content_negotiation_class = AnyAccept
    action = "get"
    parameters = {"get": {"facebookPageId"}}

    @extend_schema(parameters=[PAGE], responses={(200, "text/event-stream"): STREAM, 404: ErrorSerializer})
    def get(self, request):
        """The progress of all syncs of the Pages one may see, as `event: progress`.

        `event: changed` where staff tagged something or set a status.
        """
        wanted = request.query_params.get("facebookPageId", "").strip()
        rights_of(request.user, wanted)  # what is not seen is refused before the stream opens
        user_id = request.user.pk
        return Lasting(partial(watch_pages, user_id, partial(rights_now, user_id, key_of(request), wanted)))


def key_of(request) -> str | None:
    """The API key that it came with; None: a session."""
    return request.auth.key if isinstance(request.auth, Token) else None


def reader_of(request, run: SyncRun) -> RunReader:
    return RunReader(run.pk, request.user.pk, key_of(request))


def requested_run(request) -> SyncRun:
    body = read_body(request, SyncBody)
    page = named_page(request.user, body)
    require_role(request.user, [page.pk], MANAGER)
    return request_sync(page, full=body["forceFull"], trigger="api", asked_by=request.user)


def named_page(user, body: dict) -> Page:
    """The Page that is named by our id, Facebook's, or both."""
    if "pageId" not in body and "facebookPageId" not in body:
        raise ValidationError({"pageId": ["Name the Page: by pageId, facebookPageId or both."]})
    seen = list(Page.objects.visible_to(user).in_bulk().values())
    by_ours = [page for page in seen if page.pk == body.get("pageId")]
    by_facebook = [page for page in seen if page.facebook_page_id == str(body.get("facebookPageId"))]
    found = by_ours or by_facebook
    if not found or ("facebookPageId" not in body and not by_ours):
        raise NotFound("There is no such Page that you may see.")
    if "pageId" in body and "facebookPageId" in body and by_ours != by_facebook:
        raise ValidationError({"facebookPageId": ["It is another Page than pageId."]})
    return found[0]
