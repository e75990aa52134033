"""The `signed_request` that Facebook posts when a person removes the app, or wants their data deleted.

It is `signature.payload` in base64url without padding. The signature is over the payload as text; an old one
is accepted, because Facebook repeats what failed, and each request has its effect once.
"""

import binascii
import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.conf import settings

FORM = re.compile(r"([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{1,8192})")
USER_ID = re.compile(r"[0-9]{1,32}")
ALGORITHM = "HMAC-SHA256"


class NotSigned(Exception):
    """The text is not what Facebook sends, or none of our secrets has signed it."""


def is_configured() -> bool:
    return bool(_secrets())


def user_of(signed_request: str) -> str:
    """Return the ID that the person has in our app. Raises NotSigned.

    Nothing of the payload is read before its signature is found right.
    """
    form = FORM.fullmatch(signed_request)
    if form is None or not any(hmac.compare_digest(form[1], sign(key, form[2])) for key in _secrets()):
        raise NotSigned
    try:
        payload = json.loads(urlsafe_b64decode(form[2] + "=" * (-len(form[2]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise NotSigned from None
    return _user_id(payload)


def sign(secret: str, encoded: str) -> str:
    digest = hmac.digest(secret.encode(), encoded.encode(), "sha256")
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _user_id(payload: object) -> str:
    if not isinstance(payload, dict) or payload.get("algorithm") != ALGORITHM:
        raise NotSigned
    user_id = str(payload.get("user_id", ""))
    if USER_ID.fullmatch(user_id) is None:
        raise NotSigned
    return user_id


def _secrets() -> set[str]:
    """The app's secret, and those of webhooks, which has the old one too while it is replaced."""
    return {settings.FACEBOOK_APP_SECRET, *settings.FACEBOOK_WEBHOOK_SECRETS} - {""}
