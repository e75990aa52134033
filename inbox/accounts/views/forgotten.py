"""Forgotten passwords and invitations: a link by mail, with which a user sets the password."""

from axes.handlers.proxy import AxesProxyHandler
from django import forms
from django.conf import settings
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from conversations.models.audit import Action, record
from inbox.accounts.login_throttle import lock
from inbox.accounts.mail_requests import request_mail, users_of
from inbox.accounts.sessions import end_sessions

COUNTED_AS = {"username": "forgotten password"}  # no user can have this name


class ForgottenForm(forms.Form):
    name = forms.CharField(
        max_length=254,
        label=_("User name or mail address"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )


@never_cache
def forgotten(request: HttpRequest) -> HttpResponse:
    """Say the same whether or not the user exists. A few mails from one address, then 429."""
    if not settings.EMAIL_URL:
        raise Http404
    form = ForgottenForm(request.POST or None)
    is_sent = request.method == "POST" and form.is_valid()
    if is_sent:
        if not AxesProxyHandler.is_allowed(request, COUNTED_AS):
            lock(request, COUNTED_AS)
        else:
            for user in users_of(form.cleaned_data["name"]):
                request_mail(request, user, Action.PASSWORD_RESET_SENT)
    return render(request, "forgotten.html", {"form": form, "is_sent": is_sent})


class NewPasswordView(PasswordResetConfirmView):
    """Sets the password by a link that works once. It ends all sessions and API keys."""

    template_name = "new_password.html"
    success_url = reverse_lazy("login")
    reset_url_token = "new"  # noqa: S105 - a part of the address

    def form_valid(self, form) -> HttpResponse:
        form.save()
        end_sessions(form.user)
        record(Action.PASSWORD_CHANGED, request=self.request, actor=form.user, target=form.user, by="mail")
        self.request.session.flush()
        return redirect(self.success_url)
