"""Error responses of the site: JSON under /api/, an HTML page elsewhere."""

import logging
import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views import defaults

from conversations.lib.process_numbers import count_refusal
from conversations.lib.request_scope import RETRY_SECONDS, ServerBusy, TooManyRequests
from conversations.lib.timeouts import READ_SECONDS, TooSlow
from conversations.permissions import ConfirmationRequired
from inbox.accounts.views.confirm import ConfirmForm

logger = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return as_json(request, 400, gettext("Bad request.")) or defaults.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if isinstance(exception, ConfirmationRequired):
        return unconfirmed(request, exception)
    return as_json(request, 403, gettext("Forbidden.")) or defaults.permission_denied(request, exception)


def unconfirmed(request: HttpRequest, exception: ConfirmationRequired) -> HttpResponse:
    """Ask for the password on the page itself, and tell programs where to give it."""
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return JsonResponse({"error": str(exception), "confirm": exception.url}, status=403)
    context = {"form": ConfirmForm(), "next": request.get_full_path(), "was_post": request.method == "POST"}
    return render(request, "account/confirm.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return as_json(request, 404, gettext("Not found.")) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    if limited := response_at_limit(request, sys.exc_info()[1]):  # in a middleware, as the session is read
        vars(limited)["_has_been_logged"] = True  # Django would log a traceback
        return limited
    message = gettext("Internal server error. The server log has the details.")
    return as_json(request, 500, message) or defaults.server_error(request)


# -- limits: one line in the log, and no traceback
def response_at_limit(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Return the response where a limit was reached; None for any other error."""
    match error:
        case TooSlow():
            count_refusal("statement")
            return too_slow(request)
        case ServerBusy():
            count_refusal("busy")
            return try_later(request, 503, error)
        case TooManyRequests():
            count_refusal("too_many")
            return try_later(request, 429, error)
    return None


def too_slow(request: HttpRequest) -> HttpResponse:
    """The response where the database took too long."""
    message = gettext("This took longer than %(read_seconds)s seconds and was stopped. Try again.") % {
        "read_seconds": f"{READ_SECONDS:.0f}"
    }
    context = {"seconds": f"{READ_SECONDS:.0f}"}
    return as_json(request, 503, message) or render(request, "503.html", context, status=503)


def try_later(request: HttpRequest, status: int, error: Exception) -> HttpResponse:
    """The response of a full server, or to too many requests of one user at once."""
    logger.warning("Refused %s: %s", request.path[:200], error)
    page = {"message": str(error)}
    response = as_json(request, status, str(error)) or render(request, "busy.html", page, status=status)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def as_json(request: HttpRequest, status: int, message: str) -> HttpResponse | None:
    """Return the error as JSON for a request to the API, else None."""
    if request.path_info.startswith("/api/"):
        return JsonResponse({"error": message}, status=status)
    return None
