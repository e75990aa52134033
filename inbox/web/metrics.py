"""/metrics: the numbers of this installation, for Prometheus. docs/monitoring.md explains them."""

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from conversations.monitoring.exposition import text_of
from conversations.monitoring.readings import reader

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# A proxy on this machine connects from loopback, too. Any of these says that somebody else has asked it.
FORWARDED = (
    "FORWARDED",
    "VIA",
    "X_REAL_IP",
    "X_CLIENT_IP",
    "CLIENT_IP",
    "TRUE_CLIENT_IP",
    "CF_CONNECTING_IP",
)


@csrf_exempt
@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    if refusal := refuse(request):
        return refusal
    return HttpResponse(text_of(reader.readings()), content_type=CONTENT_TYPE)


def refuse(request: HttpRequest) -> HttpResponse | None:
    """Return the refusal of a request without the token; if there is no token, of other machines."""
    if not settings.METRICS_TOKEN:
        return None if is_local(request) else HttpResponse(status=403)
    if has_token(request):
        return None
    return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})


def has_token(request: HttpRequest) -> bool:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    is_right = hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())
    return is_right and scheme.lower() == "bearer"


def is_local(request: HttpRequest) -> bool:
    """Whether a program on this machine asks by itself."""
    is_forwarded = any(
        name.startswith("HTTP_X_FORWARDED") or name.removeprefix("HTTP_") in FORWARDED
        for name in request.META
        if name.startswith("HTTP_")
    )
    return not is_forwarded and is_loopback(request.META.get("REMOTE_ADDR", ""))


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
