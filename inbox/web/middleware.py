"""Adds security headers that Django and django-csp lack, and answers for a slow database or many sign-ins."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.deprecation import MiddlewareMixin

from conversations.lib.timeouts import TooSlow
from inbox.accounts.hashing import WAIT_SECONDS, TooManySignIns
from inbox.web import error_pages
from inbox.web.error_pages import as_json

BUSY = "Many people sign in at this moment. Wait a few seconds, then try again."
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


class SignInQueue(MiddlewareMixin):
    """Answers 503 where a password could not be checked in time."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, TooManySignIns):
            return None
        response = as_json(request, 503, BUSY) or render(request, "busy.html", {"message": BUSY}, status=503)
        response["Retry-After"] = str(WAIT_SECONDS)
        return response
