"""The address of a client, also behind proxies."""

from ipaddress import IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """Return the client's IP address: the one that our outermost proxy reports, else that of the connection.

    Entries further left in X-Forwarded-For come from the client and are ignored. Return None if the address
    is unknown.
    """
    entries = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    count = settings.PROXY_COUNT
    forwarded = entries[-count] if 0 < count <= len(entries) else ""
    return _as_address(forwarded) or _as_address(request.META.get("REMOTE_ADDR", ""))


def _as_address(text: str) -> str | None:
    """Return the address, or the /64 network of an IPv6 address, as one customer has all 2⁶⁴ of it."""
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((address.packed, 64), strict=False).network_address)
    return str(address)
