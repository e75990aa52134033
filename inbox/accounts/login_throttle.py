"""Throttles sign-ins: failed attempts are counted for all web processes; too many lock for a while."""

from datetime import timedelta
from typing import Any, NoReturn

from axes.attempts import get_cool_off_threshold
from axes.backends import AxesBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import F, Max, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac

from conversations.lib.client_address import address_of
from conversations.lib.locks import SIGN_INS
from conversations.lib.process_numbers import count_refusal
from conversations.models.audit import Action, record
from inbox.accounts import second_factor
from inbox.accounts.hashing import hashing_slot
from inbox.accounts.signed_in import user_with

RETENTION = timedelta(days=90)  # of the records of successful and failed sign-ins
LOCK_ADDRESS = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
ADDRESS_FACTOR = 10  # many users may share an address: it is locked after this many times the failures


class LoginThrottle(AxesDatabaseHandler):
    """Locks a user at one address, or an address for all users. Nobody can lock a user out everywhere."""

    def is_allowed(self, request, credentials=None) -> bool:
        """Count this guess before it is checked, and return False if there were too many already.

        Guesses from one address are counted one after the other, or many at once would all be checked. A
        guess that was right is taken back: by user_logged_in(), or by forgive().
        """
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(LOCK_ADDRESS, [SIGN_INS, request.axes_ip_address or ""])
            if self.is_locked(request, credentials):
                return False
            count_guess(request, credentials)
        return True

    def forgive(self, request, credentials) -> None:
        """Take back one guess that was right, although the sign-in is not complete."""
        own = AccessAttempt.objects.filter(**key_of_attempt(request, credentials))
        own.filter(failures_since_start__gt=0).update(failures_since_start=F("failures_since_start") - 1)
        own.filter(failures_since_start=0).delete()

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

    def user_login_failed(self, sender, credentials, request=None, **kwargs):
        """Record the failure, which is_allowed() has counted, and lock after the last one that is allowed."""
        if request is None:
            return
        request.axes_credentials = credentials
        if request.axes_locked_out:
            return  # refused unchecked: no failure, and not the beginning of a longer lock
        self.clean_expired_user_attempts(request, credentials)
        request.axes_locked_out = self.is_locked(request, credentials)
        name = known_name(request, credentials)
        AccessFailureLog.objects.create(
            username=name,
            ip_address=request.axes_ip_address,
            user_agent=request.axes_user_agent,
            http_accept=request.axes_http_accept,
            path_info=request.axes_path_info,
            attempt_time=request.axes_attempt_time,
            locked_out=request.axes_locked_out,
        )
        action = Action.SIGN_IN_LOCKED if request.axes_locked_out else Action.SIGN_IN_FAILED
        record(action, request=request, target=name)
        self.remove_out_of_limit_failure_logs()

    def user_logged_in(self, sender, request, user, **kwargs):
        super().user_logged_in(sender, request, user, **kwargs)
        record(Action.SIGNED_IN, request=request, actor=user)
        AccessLog.objects.filter(attempt_time__lt=timezone.now() - RETENTION).delete()

    def user_logged_out(self, sender, request, user, **kwargs):
        super().user_logged_out(sender, request, user, **kwargs)
        if user is not None:
            record(Action.SIGNED_OUT, request=request, actor=user)

    def remove_out_of_limit_failure_logs(self, **kwargs) -> int:
        """Delete records older than RETENTION."""
        return AccessFailureLog.objects.filter(attempt_time__lt=timezone.now() - RETENTION).delete()[0]


def count_guess(request: Any, credentials: dict | None) -> None:
    own = AccessAttempt.objects.filter(**key_of_attempt(request, credentials))
    own.filter(attempt_time__lt=get_cool_off_threshold(request)).delete()  # these count no longer
    is_counted = own.update(
        failures_since_start=F("failures_since_start") + 1, attempt_time=request.axes_attempt_time
    )
    if not is_counted:
        AccessAttempt.objects.create(
            failures_since_start=1, **key_of_attempt(request, credentials), **description_of(request)
        )


def key_of_attempt(request: Any, credentials: dict | None) -> dict:
    return {
        "username": known_name(request, credentials),
        "ip_address": request.axes_ip_address,
        "user_agent": request.axes_user_agent,
    }


def description_of(request: Any) -> dict:
    return {
        "attempt_time": request.axes_attempt_time,
        "http_accept": request.axes_http_accept,
        "path_info": request.axes_path_info,
    }


# -- guesses
class PasswordBackend(AxesBackend):
    """The only check of passwords: a guess waits for its turn, is counted, and then checked."""

    def authenticate(self, request, username=None, password=None, **kwargs):
        if username is None or password is None:
            return None
        credentials = {"username": username}
        if AxesProxyHandler.is_locked(request, credentials):
            refuse(request, credentials)
        with hashing_slot():
            if not AxesProxyHandler.is_allowed(request, credentials):
                refuse(request, credentials)
            return ModelBackend.authenticate(self, request, username, password, **kwargs)

    def get_user(self, user_id):
        user = user_with(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


def refuse(request: Any, credentials: dict) -> NoReturn:
    """End Django's authenticate()."""
    lock(request, credentials)
    raise PermissionDenied


def lock(request: Any, credentials: dict) -> None:
    """Have the middleware of axes answer this request with locked()."""
    request.axes_locked_out, request.axes_credentials = True, credentials


def code_is_right(request: HttpRequest, user, code: str) -> bool:
    """Check a code of the second factor. Wrong ones count like wrong passwords."""
    credentials = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, credentials):
        lock(request, credentials)
    elif second_factor.check_code(user, code):
        forgive(request, user)
        return True
    user_login_failed.send(__name__, credentials=credentials, request=request)
    return False


def password_is_right(request: HttpRequest, user, password: str) -> bool:
    """Check the password of a user who is signed in. Wrong ones count as at the login."""
    found = authenticate(request, username=user.get_username(), password=password)
    if found is None or found.pk != user.pk:
        return False
    forgive(request, user)
    return True


def forgive(request: HttpRequest, user) -> None:
    AxesProxyHandler.get_implementation().forgive(request, {"username": user.get_username()})


def known_name(request: HttpRequest, credentials: dict | None) -> str:
    """Return the username, or a hash of an unknown one: people type passwords into that field."""
    name = str((credentials or {}).get("username") or request.POST.get("username", ""))
    name = name.replace("\0", "")
    if get_user_model().objects.filter(username=name).exists():
        return name
    return f"unknown-{salted_hmac('inbox.signing', name).hexdigest()[:12]}"


def locked(request: HttpRequest, response=None, credentials=None) -> HttpResponse:
    """Return 429. The text does not depend on whether the user exists."""
    count_refusal("sign_in")
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
