"""Adds security headers that neither Django nor django-csp sets, and answers for a slow database."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from conversations.lib.timeouts import TooSlow
from inbox.web import error_pages

HEADERS = {
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Other sites cannot embed our files; for fetch() CORS decides.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders(MiddlewareMixin):
    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class SlowStatements(MiddlewareMixin):
    """A page of which one question to the database takes too long is a 503; REST answers by itself."""

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return error_pages.too_slow(request) if isinstance(error, TooSlow) else None
