"""Content negotiation for responses that are not JSON."""

from rest_framework.exceptions import NotAcceptable, NotAuthenticated
from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation

JSON = "application/json"
USUAL = {None, "*/*", JSON}  # values of Accept that JSON meets; there is no need to parse them


class AfterAuthentication(DefaultContentNegotiation):
    """Asks a stranger to authenticate first, whatever format was requested."""

    def select_renderer(self, request, renderers, format_suffix=None):
        is_json = [renderer.media_type for renderer in renderers] == [JSON]
        if is_json and format_suffix is None and request.META.get("HTTP_ACCEPT") in USUAL:
            return renderers[0], JSON
        try:
            return super().select_renderer(request, renderers, format_suffix)
        except NotAcceptable:
            if not request.user.is_authenticated:
                raise NotAuthenticated from None
            raise


class IgnoreAcceptHeader(BaseContentNegotiation):
    """Sends streams, files and redirects whatever the request's Accept header says."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
