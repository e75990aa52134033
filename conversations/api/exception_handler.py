"""Turns exceptions, also our own, into error responses."""

import logging
import re

from django.db import IntegrityError
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    AuthenticationFailed,
    NotAcceptable,
    NotAuthenticated,
    ValidationError,
)
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from conversations.actions.bulk_operations import OperationEnded
from conversations.actions.tagging import TagChanged, TagInUse
from conversations.connections.interactive import FacebookRefused
from conversations.lib.process_numbers import count_refusal
from conversations.lib.timeouts import TooSlow
from conversations.models.answers import saved_replies
from conversations.models.saved_views import NAME_TAKEN
from conversations.permissions import ConfirmationRequired
from conversations.sending.outbox import MessageRefused
from conversations.tasks import RunEnded
from tags.models import NameTaken, TooManyTags

log = logging.getLogger(__name__)

TOO_SLOW = _(
    "The search took too long. Narrow it: use more letters, one Page (facebookPageId),"
    " a tag (include_tags) or a time range (startDate, endDate)."
)
# What REST framework would say in words of its own.
MESSAGES: dict[type[Exception], Promise] = {
    NotAuthenticated: _("Send an API key (Authorization: Token KEY), or log in at /login."),
    AuthenticationFailed: _("This API key is not valid, or it has ended."),
    NotAcceptable: _("The response is JSON: accept application/json."),
}
TERMS = {  # of the glossary
    "Conversation": _("Conversation"),
    "Export": _("Export"),
    "InteractionEvent": _("Event"),
    "OutgoingMessage": _("Message"),
    "Page": _("Page"),
    "SavedReply": _("Saved reply"),
    "SavedView": _("Saved view"),
    "SyncRun": _("Run"),
    "Tag": _("Tag"),
}
CONCURRENT_CHANGE = _("Somebody changed the same data at the same time. Try again.")


def handle_exception(error: Exception, context: dict) -> Response | None:
    """Return an error as {"error": message, …}.

    Returns None for an unexpected exception, which Django logs and answers with 500.
    """
    if response := own_error_response(error):
        return response
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, ValidationError):
        response.data = first_validation_error(error.detail)
    else:
        response.data = {"error": error_message(error, response)}
    return response


def own_error_response(error: Exception) -> Response | None:
    """Return the response to an exception of our own modules; None for any other."""
    match error:
        case NameTaken() | RunEnded() | OperationEnded() | TagChanged():
            return error_response(status.HTTP_409_CONFLICT, str(error))
        case TooManyTags():
            return error_response(status.HTTP_400_BAD_REQUEST, f"name: {error}", field="name")
        case TagInUse():
            return error_response(status.HTTP_409_CONFLICT, str(error), conversations=error.conversations)
        case ConfirmationRequired():
            return error_response(status.HTTP_403_FORBIDDEN, str(error), confirm=error.url)
        case FacebookRefused() | MessageRefused():
            return error_response(error.http_status, str(error), **closed_at(error))
        case TooSlow():
            count_refusal("statement")
            return error_response(status.HTTP_503_SERVICE_UNAVAILABLE, str(TOO_SLOW))
        case IntegrityError():
            return error_response(status.HTTP_409_CONFLICT, conflict_of(error))
    return None


def closed_at(error: FacebookRefused | MessageRefused) -> dict:
    """Return when the window for answers was closed, if that is the error."""
    closed = error.closed_at if isinstance(error, MessageRefused) else None
    return {"closedAt": closed} if closed else {}


CONFLICTS = {  # constraint → what it means
    "savedview_owner_name_key": NAME_TAKEN,
    "savedreply_page_name": saved_replies.NAME_TAKEN,
    "savedreply_page_shortcut": saved_replies.SHORTCUT_TAKEN,
}


def conflict_of(error: IntegrityError) -> str:
    for constraint, message in CONFLICTS.items():
        if constraint in str(error):
            return str(message)
    log.warning("Two requests changed the same data", exc_info=error)
    return str(CONCURRENT_CHANGE)


def error_response(code: int, message: str, **more) -> Response:
    set_rollback()
    return Response({"error": message, **more}, status=code)


def error_message(error: Exception, response: Response) -> str:
    if message := MESSAGES.get(type(error)):
        return str(message)
    if isinstance(error, Http404):
        return not_found_message(str(error))
    return str(error.detail) if isinstance(error, APIException) else response.data["detail"]


def not_found_message(text: str) -> str:
    """Say "Run not found." for Django's "No SyncRun matches the given query."."""
    found = re.match(r"No (\w+) matches ", text)
    return (
        gettext("%(thing)s not found.") % {"thing": TERMS.get(found[1], found[1])}
        if found
        else gettext("Not found.")
    )


def first_validation_error(detail, path: tuple[str, ...] = ()) -> dict[str, str]:
    """Return the first validation error as {"error": "limit: …", "field": "limit"}."""
    while isinstance(detail, dict | list) and detail:
        key, detail = next(iter(detail.items() if isinstance(detail, dict) else enumerate(detail)))
        if isinstance(key, str):
            path = (*path, key)
    if not path:
        return {"error": str(detail)}
    return {"error": f"{path[0]}: {detail}", "field": path[0]}
