"""Falls back to the documented fields when Facebook refuses one: an unknown field fails the whole request."""

import re
from collections.abc import Callable

from conversations.graph.capabilities import Capabilities
from conversations.graph.errors import InvalidRequestError, shorten

FIELD_NAME = re.compile(r"\((\w{1,50})\)")
PARAMETERS = {"folder", "updated_after_ms", "updated_before_ms", "summary"}  # may be refused themselves


class FieldFallback:
    """Requests all fields that we know and, once one was refused, only the documented ones.

    A refusal is recorded in `capabilities.refused_fields`.
    """

    def __init__(self, capabilities: Capabilities):
        self._capabilities = capabilities

    def request(self, request: Callable[[bool], dict], params: dict) -> dict:
        """Call `request(core)`. Raises InvalidRequestError if the fields were not the (only) reason."""
        if self._capabilities.refused_fields:
            return request(True)
        try:
            return request(False)
        except InvalidRequestError as error:
            if not _is_about_fields(error, params):
                raise
            body = request(True)
            # Recorded only now: the reason may have been something else.
            self._capabilities.refused_fields = [_refused_name(error)]
            return body


def _is_about_fields(error: InvalidRequestError, params: dict) -> bool:
    """If another parameter may have been refused, the message must speak of a field."""
    return not (PARAMETERS & params.keys()) or "field" in error.text.lower()


def _refused_name(error: InvalidRequestError) -> str:
    match = FIELD_NAME.search(error.text)
    return match[1] if match else shorten(error.text, "")
