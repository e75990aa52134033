"""The attachments of messages: a link that works now, or the file itself."""

from django.http import HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema

from conversations.actions.refresh import current_attachment_url
from conversations.api.negotiation import IgnoreAcceptHeader
from conversations.api.views.refresh import ERRORS, ConversationAPIView
from conversations.connections.interactive import asking_facebook
from conversations.media.archive import kept_part
from conversations.media.file_response import file_response
from conversations.media.parts import Part
from conversations.models import InteractionEvent
from conversations.search.parsing import MAX_ID

FILE = OpenApiResponse(OpenApiTypes.BINARY, "The file, with its type by its first bytes")


class OfMessage(ConversationAPIView):
    content_negotiation_class = IgnoreAcceptHeader

    def get_event(self, event: str) -> InteractionEvent:
        events = InteractionEvent.objects.select_related("conversation")
        return get_object_or_404(events, pk=min(int(event), MAX_ID), conversation=self.get_object())


class AttachmentView(OfMessage):
    @extend_schema(
        responses={302: OpenApiResponse(description="`Location`: a link that works now"), **ERRORS}
    )
    def get(self, request, pk, event, index):
        """Redirect to an attachment of a message, by a new link from Facebook or to the file that is kept."""
        message = self.get_event(event)
        if kept_part(message, int(index[:9]), Part.CONTENT):
            return HttpResponseRedirect(reverse("attachment-content", args=[pk, event, index]))
        with asking_facebook(request.user):
            url = current_attachment_url(message, int(index[:9]))
        response = HttpResponseRedirect(url)
        response["Referrer-Policy"] = "no-referrer"
        return response


class AttachmentContentView(OfMessage):
    @extend_schema(
        responses={(200, "application/octet-stream"): FILE, (206, "application/octet-stream"): FILE, **ERRORS}
    )
    def get(self, request, pk, event, index):
        """Return the file of an attachment, or the part of it that the header `Range` names."""
        return file_response(request._request, self.get_event(event), int(index[:9]), Part.CONTENT)


class AttachmentPreviewView(OfMessage):
    @extend_schema(responses={(200, "application/octet-stream"): FILE, **ERRORS})
    def get(self, request, pk, event, index):
        """Return the small picture that stands for an attachment until it is opened or played."""
        return file_response(request._request, self.get_event(event), int(index[:9]), Part.PREVIEW)
