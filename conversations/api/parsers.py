"""Parses request bodies as JSON, whatever their Content-Type is: fetch() sends text/plain by default."""

import json
import math
from collections import Counter

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import BaseParser

from conversations.lib.text import clean_json, is_plain

MAX_DIGITS = 1000
NUMBER_TOO_LARGE = _("The body contains a number that is too large.")
NOT_PLAIN = _("The body contains characters that are not allowed (NUL, or half of a surrogate pair).")


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = _("The body is too large.")


class RepeatedField(Exception):
    """An object of the body, at any depth, has a field twice: readers of JSON disagree which one counts."""

    def __init__(self, name: str):
        super().__init__(name)
        self.name = name


class AnyTypeJSONParser(BaseParser):
    media_type = "*/*"

    def parse(self, stream, media_type=None, parser_context=None) -> dict:
        body = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
        if len(body) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BodyTooLarge
        try:
            data = json.loads(
                body,
                parse_constant=reject_constant,
                parse_float=as_float,
                parse_int=as_int,
                object_pairs_hook=as_object,
            )
            is_clean = clean_json(data) == data
        except UnicodeDecodeError:
            raise ParseError(gettext("The body is not JSON: it is not UTF-8.")) from None
        except RecursionError:
            raise ParseError(gettext("The body is nested too deeply.")) from None
        except ValueError as error:
            raise ParseError(gettext("The body is not JSON: %(error)s.") % {"error": error}) from None
        except RepeatedField as error:
            raise named_error(error.name) from None
        if not isinstance(data, dict):
            raise ParseError(gettext("The body must be a JSON object."))
        if not is_clean:
            raise ParseError(NOT_PLAIN)
        return data


def as_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        [(name, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise RepeatedField(name)
    return data


def named_error(name: str) -> APIException:
    if not is_plain(name):
        return ParseError(NOT_PLAIN)
    return ValidationError({name: [gettext("Provide this field only once.")]})


def as_float(digits: str) -> float:
    if math.isinf(number := float(digits)):
        raise ParseError(NUMBER_TOO_LARGE)
    return number


def as_int(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ParseError(NUMBER_TOO_LARGE)
    return int(digits)


def reject_constant(constant: str):
    raise ValueError(f"{constant} is not JSON")
