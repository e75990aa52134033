"""The login: the password, then a code where the user has a second factor."""

import time

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth import login as start_session
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from conversations.lib.client_address import address_of
from conversations.lib.text import clean
from conversations.permissions import CONFIRMED_AT
from inbox.accounts import second_factor
from inbox.accounts.login_throttle import code_is_right, forgive
from inbox.accounts.models import Authenticator
from inbox.accounts.sessions import ADDRESS, STARTED_AT, USER_AGENT
from inbox.accounts.views.confirm import safe_target

PENDING = "pending_sign_in"  # in the session of somebody who gave the password but not yet the code
PENDING_SECONDS = 10 * 60


class SignInView(LoginView):
    template_name = "login.html"

    def get_context_data(self, **context):
        return super().get_context_data(sends_mail=bool(settings.EMAIL_URL), **context)

    def form_valid(self, form) -> HttpResponse:
        user = form.get_user()
        device = second_factor.authenticator_of(user)
        if device is None:
            sign_in(self.request, user)
            return redirect(safe_target(self.get_success_url()))
        forgive(self.request, user)
        self.request.session.flush()
        self.request.session[PENDING] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": time.time(),
            "next": self.get_success_url(),
        }
        return redirect("login-code")


def sign_in(request: HttpRequest, user, device: Authenticator | None = None) -> None:
    """Start a session. Its data tell since when it lasts, and where it was started."""
    start_session(request, user, "inbox.accounts.login_throttle.PasswordBackend")
    request.session[STARTED_AT] = request.session[CONFIRMED_AT] = time.time()
    request.session[ADDRESS] = address_of(request)
    request.session[USER_AGENT] = clean(request.headers.get("User-Agent", ""))[:255]
    if device is not None:
        second_factor.mark_session(request, device)


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=64,
        label=_("Code of your app, or a recovery code"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
    )


@never_cache
@csrf_protect
@sensitive_post_parameters()
def login_code(request: HttpRequest) -> HttpResponse:
    pending = request.session.get(PENDING, {})
    user = pending_user(pending)
    if user is None:
        return redirect("login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if code_is_right(request, user, form.cleaned_data["code"]):
            request.session.pop(PENDING)
            sign_in(request, user, second_factor.authenticator_of(user))
            return redirect(safe_target(pending["next"]))
        form.add_error("code", gettext("This code is wrong or was used before. Wait for the next one."))
    return render(request, "login_code.html", {"form": form})


def pending_user(pending: dict):
    """Return the user who gave the password a short while ago and has not changed it since; else None."""
    if time.time() - pending.get("at", 0) > PENDING_SECONDS:
        return None
    user = get_user_model().objects.filter(pk=pending["user"], is_active=True).first()
    if user is None or not constant_time_compare(pending["hash"], user.get_session_auth_hash()):
        return None
    return user


@method_decorator(never_cache, name="dispatch")
class SignOutView(LogoutView):
    def get_success_url(self) -> str:
        return reverse("login")
