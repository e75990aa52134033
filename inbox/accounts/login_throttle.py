"""Throttles sign-ins: failed attempts are counted for all web processes; too many lock for a while."""

from datetime import timedelta

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from conversations.lib.client_address import address_of

RETENTION = timedelta(days=90)  # of the records of successful and failed sign-ins
ADDRESS_FACTOR = 10  # many users may share an address: it is locked after this many times the failures


class LoginThrottle(AxesDatabaseHandler):
    """Locks a user at one address, or an address for all users. Nobody can lock a user out everywhere."""

    def get_failures(self, request, credentials=None) -> int:
        of_user, of_address = (
            attempts.aggregate(number=Sum("failures_since_start"))["number"] or 0
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(of_user, of_address // ADDRESS_FACTOR)

    def reset_user_attempts(self, request, credentials=None) -> int:
        """Reset only the failures of this user: signing in must not reset guesses at other accounts."""
        of_user, _ = self.filter_user_attempts(request, credentials)
        return of_user.delete()[0]

    def user_logged_in(self, sender, request, user, **kwargs):
        super().user_logged_in(sender, request, user, **kwargs)
        AccessLog.objects.filter(attempt_time__lt=timezone.now() - RETENTION).delete()

    def remove_out_of_limit_failure_logs(self, **kwargs) -> int:
        """Delete records older than RETENTION. Axes calls this after each failure."""
        return AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - RETENTION).delete()[0]


def known_name(request: HttpRequest, credentials: dict | None) -> str:
    """Return the username, or a hash of an unknown one: people type passwords into that field."""
    name = str((credentials or {}).get("username") or request.POST.get("username", ""))
    name = name.replace("\0", "")
    if get_user_model().objects.filter(username=name).exists():
        return name
    return f"unknown-{salted_hmac('inbox.signing', name).hexdigest()[:12]}"


def locked(request: HttpRequest, response=None, credentials=None) -> HttpResponse:
    """Return 429. The text does not depend on whether the user exists."""
    seconds = seconds_left(request, credentials or getattr(request, "axes_credentials", None))
    context = {"minutes": -(-seconds // 60)}
    page = render(request, "locked.html", context, status=429)
    page["Retry-After"] = str(seconds)
    return page


def seconds_left(request: HttpRequest, credentials: dict | None) -> int:
    """Return the seconds until the newest counted failure expires."""
    name, address = known_name(request, credentials), address_of(request)
    attempts = AccessAttempt.objects.filter(ip_address=address)
    newest = attempts.filter(username=name).aggregate(at=Max("attempt_time"))["at"]
    newest = newest or attempts.aggregate(at=Max("attempt_time"))["at"] or timezone.now()
    left = newest + settings.AXES_COOLOFF_TIME - timezone.now()
    return max(1, int(left.total_seconds()))
