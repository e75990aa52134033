"""Middleware of the audit log: it tells record() the request, and records refusals."""

import threading
import time
from collections import Counter
from contextlib import suppress

from django.db import Error
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from conversations.lib.client_address import address_of
from conversations.lib.request_scope import ServerBusy, current_request
from conversations.models.audit import Action, record

REFUSALS_PER_MINUTE = 30  # of one user or address, so that nobody fills the table
counted: Counter[tuple[int, str]] = Counter()  # by minute and user or address
counting = threading.Lock()


class AuditLog(MiddlewareMixin):
    """Stands after the authentication, and records each 403 with its path, without the query."""

    def process_request(self, request: HttpRequest) -> None:
        current_request.set(request)

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code == 403:
            with suppress(Error, ServerBusy):  # the refusal stands without a database, too
                record_refusal(request)
        current_request.set(None)
        return response


def record_refusal(request: HttpRequest) -> None:
    user = getattr(request, "user", None)
    if is_within_limit(str(user.pk if user and user.is_authenticated else address_of(request))):
        record(Action.REFUSED, request=request, target=request.path, method=request.method or "")


def is_within_limit(refused: str) -> bool:
    """Count a refusal of this user or address. Return whether it is one of the first in this minute."""
    minute = int(time.monotonic() // 60)
    with counting:  # threads of other requests count, too
        for old in [key for key in counted if key[0] != minute]:
            del counted[old]
        counted[minute, refused] += 1
        return counted[minute, refused] <= REFUSALS_PER_MINUTE
