"""Asks signed-in users for their password again before acts that matter most."""

import time

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models.audit import Action, record
from conversations.permissions import CONFIRMED_AT
from inbox.accounts.login_throttle import password_is_right
from inbox.accounts.views.account_page import AccountRequest, account_page


class ConfirmForm(forms.Form):
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )


@account_page
def confirm(request: AccountRequest) -> HttpResponse:
    target = request.POST.get("next", request.GET.get("next", ""))
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if password_is_right(request, request.user, form.cleaned_data["password"]):
            request.session[CONFIRMED_AT] = time.time()
            record(Action.CONFIRMED, request=request)
            return redirect(safe_target(target))
        form.add_error("password", gettext("This is not your password."))
    status = 200 if request.method != "POST" else 403
    return render(request, "account/confirm.html", {"form": form, "next": target}, status=status)


def safe_target(target: str) -> str:
    """Return the address if it is a path of this site, else that of the inbox page.

    redirect() would take other texts for the name of a view.
    """
    is_path = target.startswith("/") and url_has_allowed_host_and_scheme(target, None)
    return target if is_path else "/"
