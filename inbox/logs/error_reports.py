"""Reports errors of the log to Sentry, where SENTRY_DSN is set.

An event is put together here, from what is known to be harmless, so that nothing private has to be found and
removed: where the code was, the type of the exception, our own words, and ids. The SDK only sends it; none of
its integrations, which collect requests, variables and breadcrumbs, is used.
"""

import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import sentry_sdk
from django.conf import settings
from django.http import HttpRequest

from conversations.lib.private import chain, clean, describe
from inbox.logs.formatters import ids_of, safe_message

FLUSH_SECONDS = 2
KEPT = (
    "event_id",
    "exception",
    "level",
    "logger",
    "message",
    "platform",
    "release",
    "tags",
    "timestamp",
    "user",
)
OWN_CODE = ("conversations/", "inbox/", "tags/")


class ErrorReports(logging.Handler):
    def __init__(self, dsn: str) -> None:
        super().__init__(logging.ERROR)
        sentry_sdk.init(
            dsn,
            default_integrations=False,
            auto_enabling_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            include_source_context=False,
            max_breadcrumbs=0,
            send_client_reports=False,
            auto_session_tracking=False,
            server_name="",
            release="inbox",
            before_send=keep_known,
        )

    def emit(self, record: logging.LogRecord) -> None:
        if not is_fault(record):
            return
        try:
            sentry_sdk.capture_event(event_of(record))
        except Exception:  # a report must not be an error of what it reports
            self.handleError(record)

    def flush(self) -> None:
        sentry_sdk.flush(FLUSH_SECONDS)


def is_fault(record: logging.LogRecord) -> bool:
    """Whether it is none of the answers that a full server, a slow database or Facebook causes: 502, 503."""
    return getattr(record, "status_code", 500) == 500


def keep_known(event: Any, hint: Any) -> Any:
    """Leave out what the SDK has added: the name of the machine, its packages, its contexts."""
    return {name: value for name, value in event.items() if name in KEPT}


def event_of(record: logging.LogRecord) -> Any:
    event: dict[str, Any] = {
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": clean(safe_message(record)),
        "platform": "python",
        "tags": {name: str(value) for name, value in ids_of(record).items()},
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
    }
    request = getattr(record, "request", None)
    if isinstance(request, HttpRequest):
        event |= {"message": "A request failed."}  # the message has its path
        event["tags"] |= tags_of(request)
        event |= user_of(request)
    if record.exc_info and record.exc_info[1]:
        errors = reversed(list(chain(record.exc_info[1])))  # the last one is that which was logged
        event["exception"] = {"values": list(map(exception, errors))}
    return event


def tags_of(request: HttpRequest) -> dict[str, str]:
    """Return the method and the pattern of the address, which has no value of a person."""
    route = request.resolver_match.route if request.resolver_match else ""
    return {"method": request.method or "", "route": str(route)}


def user_of(request: HttpRequest) -> dict[str, Any]:
    # When it is used: the handler imports much, and every process reads the settings.
    from inbox.web.handler import known_user

    user = known_user(request)
    return {"user": {"id": str(user.pk)}} if user is not None and user.pk else {}


def exception(error: BaseException) -> dict[str, Any]:
    kind = type(error)
    return {
        "type": kind.__qualname__,
        "module": kind.__module__,
        "value": describe(error),
        "stacktrace": {"frames": frames(error.__traceback__)},
    }


def frames(places: TracebackType | None) -> list[dict[str, Any]]:
    return [frame(each) for each in traceback.extract_tb(places)]


def frame(place: traceback.FrameSummary) -> dict[str, Any]:
    path = place.filename.removeprefix(f"{settings.BASE_DIR}/")
    is_ours = path.startswith(OWN_CODE)
    return {
        "filename": path if is_ours else "/".join(Path(path).parts[-3:]),
        "function": place.name,
        "lineno": place.lineno,
        "context_line": place.line or "",
        "in_app": is_ours,
    }
