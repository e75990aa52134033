"""Content negotiation for responses that are not JSON."""

from rest_framework.negotiation import BaseContentNegotiation


class IgnoreAcceptHeader(BaseContentNegotiation):
    """Sends streams, files and redirects whatever the request's Accept header says."""

    def select_parser(self, request, parsers):
        return parsers[0]

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
