"""Parses request bodies as JSON, whatever their Content-Type is: fetch() sends text/plain by default."""

import json

from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser

from conversations.lib.text import clean_json


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large."


class AnyTypeJSONParser(BaseParser):
    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> dict:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            data = json.loads(body, parse_constant=reject_constant)
            is_clean = clean_json(data) == data
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if not isinstance(data, dict):
            raise ParseError("The body must be a JSON object.")
        if not is_clean:
            raise ParseError(
                "The body contains characters that are not allowed (NUL, or half of a surrogate pair)."
            )
        return data


def reject_constant(constant: str):
    raise ValueError(f"{constant} is not JSON")
