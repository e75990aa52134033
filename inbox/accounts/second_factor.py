"""The second factor: codes of an app, and recovery codes that replace it."""

import base64
import secrets

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY, verify_token
from django_otp import login as mark_verified

from inbox.accounts.models import Authenticator, RecoveryCode, digest_of

RECOVERY_CODES = 10
RECOVERY_LENGTH = 24  # characters of base32: 120 bits


def authenticator_of(user) -> Authenticator | None:
    return Authenticator.objects.filter(user=user, confirmed=True).first()


def is_missing(user, session) -> bool:
    """Whether this user may do nothing but set up the second factor."""
    is_required = settings.REQUIRE_2FA and (user.is_staff or user.is_superuser)
    return is_required and DEVICE_ID_SESSION_KEY not in session


def mark_session(request: HttpRequest, device: Authenticator) -> None:
    mark_verified(request, device)


def new_secret() -> str:
    return base64.b32encode(secrets.token_bytes(20)).decode()


def check_code(user, text: str) -> bool:
    """Whether this is a code of the user's app, or a recovery code, which is used up."""
    code = "".join(text.split()).replace("-", "").upper()
    device = authenticator_of(user)
    if device is None:
        return False
    if len(code) == RECOVERY_LENGTH:
        used, _ = RecoveryCode.objects.filter(user=user, digest=digest_of(code)).delete()
        return bool(used)
    return verify_token(user, device.persistent_id, code) is not None


def turn_on(user, secret: str, step: int) -> tuple[Authenticator, list[str]]:
    """Store the secret of the app. Return the device and new recovery codes, which are shown once."""
    with transaction.atomic():
        device, _ = Authenticator.objects.update_or_create(
            user=user,
            defaults={"name": "app", "secret": secret, "last_step": step, "confirmed": True},
        )
        return device, renew_recovery_codes(user)


def turn_off(user) -> bool:
    """Remove the second factor. Return whether there was one."""
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        removed, _ = Authenticator.objects.filter(user=user).delete()
    return bool(removed)


def renew_recovery_codes(user) -> list[str]:
    codes = [recovery_code() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(RecoveryCode(user=user, digest=digest_of(code)) for code in codes)
    return ["-".join(code[at : at + 6] for at in range(0, RECOVERY_LENGTH, 6)) for code in codes]


def recovery_code() -> str:
    return base64.b32encode(secrets.token_bytes(15)).decode()
