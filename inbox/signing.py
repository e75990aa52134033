"""Signing in by password: failures are counted for all web processes, too many of them lock for a while."""

from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

KEPT_FOR = timedelta(days=90)  # records of who signed in, and who tried to
PER_ADDRESS = 10  # an office has one address for many: it is locked by so many times the failures


class SignIns(AxesDatabaseHandler):
    """Locks a user at an address, and an address for all users; nobody locks a user out everywhere."""

    def get_failures(self, request, credentials=None) -> int:
        of_user, of_address = (
            attempts.aggregate(number=Sum("failures_since_start"))["number"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(of_user, of_address // PER_ADDRESS)

    def reset_user_attempts(self, request, credentials=None) -> int:
        """Own failures alone: who has an account does not make his guesses at others' undone by it."""
        of_user, _ = self.filter_user_attempts(request, credentials)
        return of_user.delete()[0]

    def user_logged_in(self, sender, request, user, **kwargs):
        super().user_logged_in(sender, request, user, **kwargs)
        AccessLog.objects.filter(attempt_time__lt=timezone.now() - KEPT_FOR).delete()

    def remove_out_of_limit_failure_logs(self, **kwargs) -> int:
        """Called after each failure: the old ones go, not the newest of a user."""
        return AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - KEPT_FOR).delete()[0]


def known_name(request: HttpRequest, credentials: dict | None) -> str:
    """Whom it is about. A name that nobody has is not kept: people type passwords into that field."""
    name = str((credentials or {}).get("username") or request.POST.get("username", ""))
    name = name.replace("\0", "")
    if get_user_model().objects.filter(username=name).exists():
        return name
    return f"unknown-{salted_hmac('inbox.signing', name).hexdigest()[:12]}"


def address_of(request: HttpRequest) -> str | None:
    """Of who asks: the connection's, or what the outermost of our proxies says. None where nothing tells.

    What stands further left in X-Forwarded-For is what the client made up.
    """
    said = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    count = settings.PROXY_COUNT
    forwarded = said[-count] if 0 < count <= len(said) else ""
    return _as_address(forwarded) or _as_address(request.META.get("REMOTE_ADDR", ""))


def _as_address(text: str) -> str | None:
    """One customer has 2⁶⁴ addresses of IPv6: they count as one."""
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address.packed, 64), strict=False).network_address)
    return str(address)


def locked(request: HttpRequest, response=None, credentials=None) -> HttpResponse:
    """429, in the same words whether there is such a user or not."""
    seconds = seconds_left(request, credentials or getattr(request, "axes_credentials", None))
    context = {"minutes": -(-seconds // 60)}
    answer = render(request, "locked.html", context, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def seconds_left(request: HttpRequest, credentials: dict | None) -> int:
    """Until the newest of the failures that are counted is forgotten."""
    name, address = known_name(request, credentials), address_of(request)
    attempts = AccessAttempt.objects.filter(ip_address=address)
    newest = attempts.filter(username=name).aggregate(at=Max("attempt_time"))["at"]
    newest = newest or attempts.aggregate(at=Max("attempt_time"))["at"] or timezone.now()
    left = newest + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(1, int(left.total_seconds()))
