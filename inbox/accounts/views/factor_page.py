"""The page *Second factor*: setting up an app that shows codes, recovery codes, turning it off."""

from urllib.parse import quote

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_otp import DEVICE_ID_SESSION_KEY

from conversations.lib.encryption import decrypt, encrypt
from conversations.models.audit import Action, record
from conversations.permissions import require_confirmation
from inbox.accounts import second_factor
from inbox.accounts.models import RecoveryCode, matching_step
from inbox.accounts.sessions import end_sessions
from inbox.accounts.views.account_page import AccountRequest, account_page, is_confirmed, show

SECRET = "new_second_factor"  # noqa: S105 - a key of the session
SET_UP_SECONDS = 30 * 60


class FirstCodeForm(forms.Form):
    code = forms.CharField(
        max_length=16,
        label=_("Code"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


@account_page
def factor(request: AccountRequest) -> HttpResponse:
    """POST `action` is `on` with a code, `codes` for new recovery codes, or `off`."""
    device = second_factor.authenticator_of(request.user)
    if request.method != "POST":
        return page(request, device)
    require_confirmation(request.session)
    match request.POST.get("action"), device:
        case "on", None:
            return turn_on(request)
        case "codes", device if device is not None:
            record(Action.RECOVERY_CODES_MADE, request=request, target=request.user)
            return page(request, device, codes=second_factor.renew_recovery_codes(request.user))
        case "off", device if device is not None and not is_required(request.user):
            turn_off(request)
    return redirect("second-factor")


def is_required(user) -> bool:
    return settings.REQUIRE_2FA and (user.is_staff or user.is_superuser)


def turn_on(request: AccountRequest) -> HttpResponse:
    form = FirstCodeForm(request.POST)
    secret = pending_secret(request)
    code = "".join(form.cleaned_data["code"].split()) if form.is_valid() else ""
    step = matching_step(secret, code)
    if step is None:
        if form.is_valid():
            form.add_error("code", gettext("This code does not fit. Is the clock of the app's device right?"))
        return page(request, None, form=form)
    with transaction.atomic():
        device, codes = second_factor.turn_on(request.user, secret, step)
        record(Action.SECOND_FACTOR_ADDED, request=request, target=request.user)
        end_sessions(request.user, keep=request.session.session_key)  # they know only the password
    del request.session[SECRET]
    second_factor.mark_session(request, device)
    return page(request, device, codes=codes)


def turn_off(request: AccountRequest) -> None:
    with transaction.atomic():
        second_factor.turn_off(request.user)
        record(Action.SECOND_FACTOR_REMOVED, request=request, target=request.user)
    request.session.pop(DEVICE_ID_SESSION_KEY, None)
    messages.success(request, gettext("The second factor is off."))


def pending_secret(request: AccountRequest) -> str:
    """Return the secret that the page showed; a new one if that was long ago."""
    secret = decrypt(request.session.get(SECRET, ""), seconds=SET_UP_SECONDS)
    if secret is None:
        secret = second_factor.new_secret()
        request.session[SECRET] = encrypt(secret)
    return secret


def page(request: AccountRequest, device, codes: list[str] | None = None, form=None) -> HttpResponse:
    context = {"device": device, "codes": codes, "form": form or FirstCodeForm()}
    context["is_required"] = is_required(request.user)
    context["codes_left"] = RecoveryCode.objects.filter(user=request.user).count()
    if device is None and is_confirmed(request):
        secret = pending_secret(request)
        context |= {"secret": secret, "qr": qr_code(request, secret)}
    return show(request, "second-factor", **context)


def qr_code(request: AccountRequest, secret: str) -> str:
    """Return the QR code, as the address of an image, that apps read."""
    import segno  # only this page needs it

    label = quote(f"Inbox ({request.get_host()}):{request.user.get_username()}")
    address = f"otpauth://totp/{label}?secret={secret}&issuer={quote(f'Inbox ({request.get_host()})')}"
    return segno.make(address, error="m").svg_data_uri(scale=4, border=2, light="white")
