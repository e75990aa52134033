"""Middleware of the audit log: it tells record() the request, and records refusals."""

import time
from collections import Counter
from contextlib import suppress

from django.db import Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from conversations.lib.client_address import address_of
from conversations.lib.current_request import current_request
from conversations.lib.request_scope import ServerBusy
from conversations.models.audit import Action, record

REFUSALS_PER_MINUTE = 30  # of one user or address, so that nobody fills the table
counted: Counter[tuple[int, str]] = Counter()  # by minute and user or address


class AuditLog(MiddlewareMixin):
    """Stands after the authentication, and records each 403 with its path, without the query."""

    def process_request(self, request: HttpRequest) -> None:
        current_request.set(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code == 403 and is_within_limit(request):
            with suppress(Error, ServerBusy):  # the refusal stands without a database, too
                record(Action.REFUSED, request=request, target=request.path, method=request.method or "")
        current_request.set(None)
        return response


def is_within_limit(request: HttpRequest) -> bool:
    minute = int(time.monotonic() // 60)
    for old in [key for key in counted if key[0] != minute]:
        del counted[old]
    user = getattr(request, "user", None)
    key = minute, str(user.pk if user and user.is_authenticated else address_of(request))
    counted[key] += 1
    return counted[key] <= REFUSALS_PER_MINUTE
