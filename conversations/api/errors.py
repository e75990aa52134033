"""Our errors as answers: the only place that knows which HTTP status each has."""

import logging

from django.db import IntegrityError
from rest_framework import status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from conversations.asking import Refused, Why
from conversations.jobs import RunEnded
from conversations.reading.sql import TooSlow
from conversations.tagging import TagInUse
from tags.models import NameTaken

log = logging.getLogger(__name__)

TOO_SLOW = (
    "The search took too long and was ended. Narrow it: more letters, one Page (facebookPageId),"
    " a tag (include_tags) or a time (startDate, endDate)."
)
REFUSED = {
    Why.RECONNECT: status.HTTP_409_CONFLICT,
    Why.GONE: status.HTTP_410_GONE,
    Why.NOTHING: status.HTTP_404_NOT_FOUND,
    Why.FACEBOOK: status.HTTP_502_BAD_GATEWAY,
}
AT_THE_SAME_TIME = "Somebody changed the same at the same time. Try again."


def handle_exception(error: Exception, context: dict) -> Response | None:
    """Every refusal as {"error": words, …}; None for what is our fault: Django logs it and answers 500."""
    if own := of_ours(error):
        return own
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = first_fault(error.detail)
    else:
        response.data = {"error": in_words(error, response)}
    return response


def of_ours(error: Exception) -> Response | None:
    """The answer to an error that our own rooms raise."""
    match error:
        case NameTaken() | RunEnded():
            return refusal(status.HTTP_409_CONFLICT, str(error))
        case TagInUse():
            return refusal(status.HTTP_409_CONFLICT, str(error), conversations=error.conversations)
        case Refused():
            return refusal(REFUSED[error.why], str(error))
        case TooSlow():
            return refusal(status.HTTP_503_SERVICE_UNAVAILABLE, TOO_SLOW)
        case IntegrityError() if "savedview_owner_name" in str(error):
            return refusal(status.HTTP_409_CONFLICT, "You have a view of this name already.")
        case IntegrityError():
            log.warning("two writers met", exc_info=error)
            return refusal(status.HTTP_409_CONFLICT, AT_THE_SAME_TIME)
    return None


def refusal(code: int, words: str, **more) -> Response:
    set_rollback()
    return Response({"error": words, **more}, status=code)


def in_words(error: Exception, response: Response) -> str:
    if isinstance(error, APIException):
        return str(error.detail)
    return response.data["detail"]


def first_fault(detail, path: tuple[str, ...] = ()) -> dict[str, str]:
    """The first thing that is wrong, as {"error": "limit: …", "field": "limit"}."""
    while isinstance(detail, dict | list) and detail:
        key, detail = next(iter(detail.items() if isinstance(detail, dict) else enumerate(detail)))
        if isinstance(key, str):
            path = (*path, key)
    if not path:
        return {"error": str(detail)}
    return {"error": f"{path[0]}: {detail}", "field": path[0]}
