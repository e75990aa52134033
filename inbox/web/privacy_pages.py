"""The addresses that Facebook calls about people who logged in with it, and the page on which they read on.

The signature is checked first: before it, nothing has an effect.
"""

import json
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from conversations.models.privacy import PrivacyRequest
from conversations.privacy.facebook_users import deauthorize, delete_user
from conversations.webhooks import signed_request
from inbox.web.webhook_endpoint import NO_SECRET

MAX_BODY = 16 * 2**10  # bytes: what Facebook sends has some hundreds
NOT_SIGNED = "The signed_request is missing or wrong."
TOO_LARGE = f"The body is too large: at most {MAX_BODY:,} bytes."


@csrf_exempt  # Facebook's signature stands for it
@require_POST
def deauthorized(request: HttpRequest) -> HttpResponse:
    """A person has removed the app at Facebook."""

    def answer(user_id: str) -> HttpResponse:
        deauthorize(user_id)
        return HttpResponse(content_type="text/plain")

    return _signed(request, answer)


@csrf_exempt
@require_POST
def data_deletion(request: HttpRequest) -> HttpResponse:
    """A person wants their data deleted. The answer tells Facebook where they can read what was done."""

    def answer(user_id: str) -> HttpResponse:
        code = delete_user(user_id).code
        path = reverse("privacy-request", args=[code])
        url = f"{settings.PUBLIC_URL}{path}" if settings.PUBLIC_URL else request.build_absolute_uri(path)
        return JsonResponse({"url": url, "confirmation_code": code})

    return _signed(request, answer)


def _signed(request: HttpRequest, answer: Callable[[str], HttpResponse]) -> HttpResponse:
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_BODY:
        return HttpResponse(TOO_LARGE, status=413, content_type="text/plain")
    if not signed_request.is_configured():
        return HttpResponse(NO_SECRET, status=503, content_type="text/plain")
    try:
        user_id = signed_request.user_of(_text_of(request))
    except signed_request.NotSigned:
        return HttpResponse(NOT_SIGNED, status=403, content_type="text/plain")
    return answer(user_id)


def _text_of(request: HttpRequest) -> str:
    """Return the signed_request of a form, or of a JSON object; "" if it is not there once."""
    if request.content_type != "application/json":
        values = request.POST.getlist("signed_request")
        return values[0] if len(values) == 1 else ""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return ""
    value = body.get("signed_request") if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


@require_safe
@never_cache
def privacy_request(request: HttpRequest, code: str) -> HttpResponse:
    """Tell who knows the code what was done. The page has nothing that tells whose request it is."""
    asked = get_object_or_404(PrivacyRequest, code=code)
    response = render(request, "privacy_request.html", {"asked": asked})
    response["X-Robots-Tag"] = "noindex"
    return response
