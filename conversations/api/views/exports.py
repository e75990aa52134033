from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from conversations.api.bulk_response import pages_of_visible
from conversations.api.file_stream import file_headers, file_response, require_format
from conversations.api.negotiation import IgnoreAcceptHeader
from conversations.api.pagination import NULLABLE_STRING
from conversations.api.query_params import criteria_for
from conversations.api.request_serializers import FilterField, IdField, read_body
from conversations.api.schema import FILE, wrapped
from conversations.api.serializers.error import ErrorSerializer
from conversations.exports.export_tasks import request_export_work
from conversations.exports.prepared import (
    describe,
    prepare_unless_small,
    sees_pages,
    stored_file,
    stream_address,
)
from conversations.models import Export
from conversations.models.audit import Action, record
from conversations.search.criteria import SearchCriteria

MAX_SELECTED = 10_000


class ExportBody(serializers.Serializer):
    what = serializers.ChoiceField(choices=Export.What.choices, default="conversations")
    format = serializers.ChoiceField(choices=Export.Format.choices, default="csv")
    filter = FilterField(required=False)
    conversationIds = serializers.ListField(child=IdField(), max_length=MAX_SELECTED, required=False)

    def validate(self, attrs):
        if ("conversationIds" in attrs) == ("filter" in attrs):
            raise ValidationError({"filter": [gettext("Provide either filter or conversationIds.")]})
        return attrs

    def validate_format(self, kind: str) -> str:
        require_format(kind)
        return kind


class ExportSerializer(serializers.ModelSerializer):
    url = serializers.SerializerMethodField(help_text="Where to download it; null until it is complete")
    message = serializers.SerializerMethodField(help_text="How far it is, or how it ended")

    class Meta:
        model = Export
        fields = [
            "id",
            "what",
            "format",
            "state",
            "message",
            "url",
            "total",
            "processed",
            "size",
            "created_at",
            "ended_at",
            "expires_at",
        ]

    @extend_schema_field(NULLABLE_STRING)
    def get_url(self, export) -> str | None:
        return reverse("export-file", args=[export.pk]) if export.state == Export.State.COMPLETE else None

    def get_message(self, export) -> str:
        return describe(export)


class RequestedExportSerializer(ExportSerializer):
    """A file that needs no preparation has no row, and null in its fields."""

    id = serializers.IntegerField(allow_null=True, help_text="null: it needs no preparation")
    total = serializers.IntegerField(allow_null=True)
    processed = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField(allow_null=True, help_text="Bytes of the file")
    created_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)


ONE = wrapped("export", ExportSerializer)
REQUESTED = wrapped("export", RequestedExportSerializer)
MANY = wrapped("exports", ExportSerializer, many=True)


class ExportViewSet(GenericViewSet):
    """Files that a worker prepares. Everybody sees only those that they have requested."""

    queryset = Export.objects.all()
    serializer_class = ExportSerializer
    pagination_class = None
    filter_backends = []
    lookup_value_regex = "[0-9]+"

    def get_queryset(self):
        return Export.objects.filter(actor_id=self.request.user.pk).order_by("-pk")

    @extend_schema(responses=MANY)
    def list(self, request):
        """List your own exports that have not expired, newest first."""
        return Response({"exports": ExportSerializer(self.get_queryset(), many=True).data})

    @extend_schema(
        request=ExportBody, responses={200: REQUESTED, 202: ONE, 404: ErrorSerializer, 429: ErrorSerializer}
    )
    def create(self, request):
        """Request a file of conversations or messages.

        Where that takes a few seconds at most, the response is a 200, and `url` creates the file while it is
        sent. Otherwise it is a 202: a worker prepares the file.
        """
        body = read_body(request, ExportBody)
        criteria, selection = selected(request.user, body)
        what, kind = body["what"], body["format"]
        export = prepare_unless_small(
            request.user, what=what, kind=kind, criteria=criteria, selection=selection
        )
        if export is None:
            return Response({"export": at_once(body, stream_address(what, kind, selection))})
        request_export_work()
        headers = {"Location": reverse("export-detail", args=[export.pk])}
        return Response({"export": ExportSerializer(export).data}, status.HTTP_202_ACCEPTED, headers=headers)

    @extend_schema(responses=ONE)
    def retrieve(self, request, pk):
        """Return how far an export is."""
        return Response({"export": ExportSerializer(self.get_object()).data})

    @extend_schema(responses={204: None})
    def destroy(self, request, pk):
        """Delete an export with its file, or cancel one that is not complete."""
        self.get_object().delete()
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=FILE)
    @action(detail=True, content_negotiation_class=IgnoreAcceptHeader)
    def file(self, request, pk):
        """Download the file of a complete export, as long as you see all its Pages."""
        export = self.get_object()
        if export.state != Export.State.COMPLETE or not sees_pages(request.user, export):
            raise NotFound(gettext("This file is not there."))
        length = {"Content-Length": str(export.size)}
        if request.method == "HEAD":
            return HttpResponse(headers=file_headers(export.what, export.format) | length)
        record(Action.EXPORT_DOWNLOADED, request=request, target=export)
        response = file_response(request, export.what, export.format, stored_file(export))
        response["Content-Length"] = length["Content-Length"]
        return response


def selected(user, body: dict) -> tuple[SearchCriteria, dict]:
    """Return what is to be exported, as criteria and as it is stored.

    Raises NotFound if the user may not see one of the conversations, or the Page of the filter.
    """
    if "filter" in body:
        return criteria_for(user, body["filter"]), {"filter": body["filter"]}
    ids = list(dict.fromkeys(body["conversationIds"]))
    pages = sorted(set(pages_of_visible(user, ids).values()))
    return SearchCriteria(page_ids=tuple(pages), ids=tuple(ids)), {"conversationIds": ids}


def at_once(body: dict, url: str) -> dict:
    """Describe a file that needs no preparation."""
    empty = dict.fromkeys(("id", "total", "processed", "size", "created_at", "ended_at", "expires_at"))
    ready = {"state": Export.State.COMPLETE, "message": gettext("Ready."), "url": url}
    return empty | ready | {"what": body["what"], "format": body["format"]}
