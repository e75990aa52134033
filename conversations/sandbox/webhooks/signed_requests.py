"""The `signed_request` of Facebook's callbacks (deauthorize, data deletion): good ones and bad ones.

requests.post(address, data={"signed_request": signed_request("secret", "1234")})
for name, (text, is_good) in signed_requests("secret", "1234").items(): ...
"""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from typing import Any

DAY = 86400


def signed_request(
    secret: str,
    user_id: str,
    *,
    algorithm: str = "HMAC-SHA256",
    issued_at: float | None = None,
    signed_with: str | None = None,
    **more: Any,
) -> str:
    """Return the text of the form field: signature and payload in base64url without padding."""
    issued = int(time.time() if issued_at is None else issued_at)
    payload = {"algorithm": algorithm, "issued_at": issued, "user_id": user_id, **more}
    return _signed(json.dumps(payload).encode(), signed_with or secret)


def signed_requests(secret: str, user_id: str) -> dict[str, tuple[str, bool]]:
    """Return requests of all sorts by name, each with whether it is to be accepted."""
    good = signed_request(secret, user_id)
    signature, payload = good.split(".")
    return {
        "good": (good, True),
        "with expiry": (signed_request(secret, user_id, expires=0), True),
        # Old ones are no reason to refuse: Facebook may repeat a request that failed.
        "replay": (signed_request(secret, user_id, issued_at=time.time() - 30 * DAY), True),
        "forged": (signed_request(secret, user_id, signed_with="another secret"), False),
        "other payload": (f"{signature}.{signed_request(secret, '5').split('.')[1]}", False),
        "wrong algorithm": (signed_request(secret, user_id, algorithm="HMAC-SHA1"), False),
        "no algorithm": (signed_request(secret, user_id, algorithm="none"), False),
        "padding": (f"{signature}=.{payload}==", False),
        "three parts": (f"{good}.{payload}", False),
        "no signature": (f".{payload}", False),
        "no payload": (f"{signature}.", False),
        "not base64": ("???.!!!", False),
        "not JSON": (_signed(b"user_id=1234", secret), False),
        "a list": (_signed(b"[1]", secret), False),
        "empty": ("", False),
    }


def _signed(payload: bytes, secret: str) -> str:
    encoded = _encode(payload)
    return f"{_encode(hmac.digest(secret.encode(), encoded.encode(), 'sha256'))}.{encoded}"


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")
