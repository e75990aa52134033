"""With REQUIRE_2FA=1: staff without a second factor can only set one up."""

from typing import cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext
from rest_framework.authentication import get_authorization_header
from rest_framework.request import Request

from inbox.accounts import second_factor

OPEN = {
    "/account/second-factor",
    "/account/confirm",
    "/login",
    "/login/code",
    "/logout",
    "/healthz",
    "/metrics",
    "/readyz",
}
SET_UP = "/account/second-factor"


class SecondFactorGate(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        path = request.path_info
        if path in OPEN or path.startswith(settings.STATIC_URL) or SESSION_KEY not in request.session:
            return None
        is_api = path.startswith("/api/")
        if is_api and has_api_key(request):
            return None  # it is authenticated by its key alone, not by the session
        if not second_factor.is_missing(request.user, request.session):
            return None
        if is_api:
            message = gettext("Staff need a second factor here: set it up first.")
            return JsonResponse({"error": message, "setUp": SET_UP}, status=403)
        return redirect("second-factor")


def has_api_key(request: HttpRequest) -> bool:
    """Whether REST framework looks at the header and never at the session."""
    words = get_authorization_header(cast(Request, request)).split()
    return bool(words) and words[0].lower() == b"token"
