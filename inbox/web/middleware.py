"""Adds security headers that Django and django-csp lack, and answers for a full server or a slow database."""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin

from conversations.lib.days import parse_zone
from conversations.lib.text import is_plain
from inbox.web import error_pages

TIME_ZONE_COOKIE = "time_zone"
MAX_DIGITS = 64  # more than any ID has, of ours or of Facebook

HEADERS = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Other sites cannot embed our files; for fetch() CORS decides.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class ContentSecurityPolicy(CSPMiddleware):
    """Puts the policy of most responses together once; those of a page that changes it have their own."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        is_changed = any(name.startswith("_csp_") for name in (*vars(request), *vars(response)))
        if is_changed or settings.DEBUG:
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, usual_policy())
        return response


@cache
def usual_policy() -> str:
    return build_policy()


class SecurityHeaders(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith("/api/"):
            keep_private(response)
            leave_out_options(response)
        return response


def keep_private(response: HttpResponseBase) -> None:
    """Tell caches, also those of proxies, that this answer is for one user alone."""
    is_stream = response.get("Content-Type", "").startswith("text/event-stream")
    response["Cache-Control"] = "no-cache, no-transform" if is_stream else "private, no-store"
    patch_vary_headers(response, ["Authorization", "Cookie"])


def leave_out_options(response: HttpResponseBase) -> None:
    """REST framework lists OPTIONS, but no route offers it: only preflights of CORS are answered, before."""
    if allowed := response.get("Allow"):
        response["Allow"] = ", ".join(name for name in allowed.split(", ") if name != "OPTIONS")


class ReaderTimeZone(MiddlewareMixin):
    """Pages show days and times in the time zone of the browser, which core/time-zone.mjs puts in a cookie.

    The API has TIME_ZONE, or the parameter `tz`.
    """

    def process_request(self, request: HttpRequest) -> None:
        timezone.deactivate()
        name = request.COOKIES.get(TIME_ZONE_COOKIE)
        if name and not request.path_info.startswith("/api/"):
            with suppress(ValueError):
                timezone.activate(parse_zone(name))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        timezone.deactivate()
        return response


class PlainInput(MiddlewareMixin):
    """Refuses, outside of the API, text that no form has sent and that PostgreSQL or Python refuses later.

    The API says itself which parameter or field is wrong.
    """

    def process_request(self, request: HttpRequest) -> None:
        if not request.path_info.startswith("/api/"):
            if not is_plain(request.path_info):
                raise Http404
            if not all(map(is_usable, values_of(request.GET))):
                raise BadRequest("The address contains characters or numbers that are not allowed.")

    def process_view(self, request: HttpRequest, view, arguments, named) -> None:
        is_form = request.method == "POST" and not request.path_info.startswith("/api/")
        if is_form and not all(map(is_usable, values_of(request.POST))):
            raise BadRequest("The form contains characters or numbers that are not allowed.")


def values_of(query: QueryDict) -> Iterator[str]:
    for name, values in query.lists():
        yield name
        yield from values


def is_usable(text: str) -> bool:
    """Whether the text is plain and, if it is a number, one that Python reads."""
    return is_plain(text) and not (len(text) > MAX_DIGITS and text.strip("-").isdigit())


class Limits(MiddlewareMixin):
    """Answers where a view reached a limit: 503 of a full server or a slow statement, 429 of one user."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return error_pages.response_at_limit(request, error)
