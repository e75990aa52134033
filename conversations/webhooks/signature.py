"""Who may deliver webhooks: the signature of a body, and the token that Facebook shows once at the beginning.

The signature says nothing about the time: a captured request can be sent again forever. That is harmless,
because each delivery has its effect once.
"""

import hmac
import re

from django.conf import settings

SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{1,200}")  # it is sent back: nothing that a browser could execute


def is_configured() -> bool:
    """Whether there is a secret. Without one, nothing that arrives can be trusted."""
    return bool(settings.FACEBOOK_WEBHOOK_SECRETS)


def is_well_formed(header: str) -> bool:
    return SIGNATURE.fullmatch(header) is not None


def is_signed(body: bytes, header: str) -> bool:
    """Whether the header X-Hub-Signature-256 is that of the raw body, by any of the secrets."""
    if not is_well_formed(header):
        return False
    return any(hmac.compare_digest(header, sign(secret, body)) for secret in _secrets())


def sign(secret: str, body: bytes) -> str:
    """Return the header for this raw body."""
    return f"sha256={hmac.digest(secret.encode(), body, 'sha256').hex()}"


def challenge_of(mode: str, token: str, challenge: str) -> str:
    """Return what Facebook wants to read when it verifies the address; "" if it is to be refused."""
    is_known = hmac.compare_digest(token.encode(), settings.FACEBOOK_VERIFY_TOKEN.encode())
    is_valid = mode == "subscribe" and is_known and CHALLENGE.fullmatch(challenge)
    return challenge if is_valid else ""


def _secrets() -> list[str]:
    return settings.FACEBOOK_WEBHOOK_SECRETS
