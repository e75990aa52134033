"""The page *Password*: users change their own password."""

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.models.audit import Action, record
from inbox.accounts.login_throttle import password_is_right
from inbox.accounts.models import ApiKey
from inbox.accounts.password_rules import KEEPS_KEYS
from inbox.accounts.sessions import end_sessions
from inbox.accounts.views.account_page import AccountRequest, account_page, show


class PasswordForm(SetPasswordForm):
    old_password = forms.CharField(
        label=_("Present password"),
        strip=False,
        max_length=4096,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    keep_keys = forms.BooleanField(required=False, label=_("Keep my API keys"))
    field_order = ["old_password", "new_password1", "new_password2", "keep_keys"]


@account_page
def password(request: AccountRequest) -> HttpResponse:
    form = PasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if password_is_right(request, request.user, form.cleaned_data["old_password"]):
            change(request, form)
            return redirect("password")
        form.add_error("old_password", gettext("This is not your present password."))
    return show(request, "password", form=form, keys=ApiKey.objects.filter(user=request.user).count())


def change(request: AccountRequest, form: PasswordForm) -> None:
    with transaction.atomic():
        setattr(form.user, KEEPS_KEYS, form.cleaned_data["keep_keys"])
        form.save()
        end_sessions(form.user, keep=request.session.session_key)
        record(Action.PASSWORD_CHANGED, request=request, target=form.user)
        update_session_auth_hash(request, form.user)
    messages.success(request, gettext("Your password is changed, and you are logged out everywhere else."))
