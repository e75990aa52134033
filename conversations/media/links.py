"""The links of files: which of them we follow, and until when Facebook says that they work."""

import time
from urllib.parse import SplitResult, parse_qs, urlsplit

from django.conf import settings

FILE_HOSTS = ("fbcdn.net", "fbsbx.com", "cdninstagram.com")
FACEBOOK = "https://graph.facebook.com"
EXPIRY_PARAMETER = "oe"  # a time in seconds, hexadecimal; the link is signed
MARGIN_SECONDS = 30  # a link that ends so soon counts as ended


def is_of_facebook(url: str) -> bool:
    """Whether this is the link of a file at Facebook. We request no others: anybody can send a link.

    A server in place of Facebook, such as the sandbox, has all files itself.
    """
    parts = _split(url)
    if parts is None or "@" in parts.netloc:
        return False
    if substitute := origin_of_substitute():
        return substitute == f"{parts.scheme}://{parts.netloc}"
    host = f".{parts.hostname}"
    return (
        parts.scheme == "https" and _port(parts) == 443 and host.endswith(tuple(f".{h}" for h in FILE_HOSTS))
    )


def origin_of_substitute() -> str:
    """Return the origin of a server in place of Facebook; empty: there is none."""
    return "" if settings.GRAPH_API_URL == FACEBOOK else settings.GRAPH_API_URL


def may_work(url: str) -> bool:
    """Whether the link has not expired, as far as it tells."""
    ends = expiry_of(url)
    return ends is None or ends > time.time() + MARGIN_SECONDS


def expiry_of(url: str) -> int | None:
    """Return the time at which the link expires; None if it does not tell."""
    parts = _split(url)
    values = parse_qs(parts.query).get(EXPIRY_PARAMETER) if parts else None
    try:
        return int(values[0][:12], 16) if values else None
    except ValueError:
        return None


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port or 443
    except ValueError:
        return None
