"""Renders responses as JSON with orjson, which is fast enough for 10,000 conversations in one response."""

import orjson
from rest_framework.renderers import JSONRenderer


class OrjsonRenderer(JSONRenderer):
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None) -> bytes:
        if data is None:
            return b""
        try:
            return orjson.dumps(data, option=orjson.OPT_UTC_Z)
        except TypeError:  # numbers of more than 64 bits, which occur in Facebook's attachments
            return super().render(data, accepted_media_type, renderer_context)
