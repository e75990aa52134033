"""The routes of the URLconf and before it, and the methods that a REST route offers."""

from collections.abc import Iterator

from django.urls import get_resolver, resolve
from django.urls.resolvers import URLPattern, URLResolver

from conversations.lib.routes import WEBHOOKS

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
ANYTHING = "1"  # an id that fits every pattern but that of a UUID
UUID = "00000000-0000-4000-8000-000000000000"
# Addresses that the URLconf does not have.
BEFORE_DJANGO = {WEBHOOKS.strip("/"): {"GET", "POST"}}


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in (resolver or get_resolver()).url_patterns:
        route = prefix + str(entry.pattern).removeprefix("^" if prefix else "")
        if isinstance(entry, URLPattern):
            yield route, entry
        else:
            yield from patterns(entry, route)


def offered() -> dict[str, set[str]]:
    """Return the methods that each route names itself. Views that are functions name none."""
    return BEFORE_DJANGO | {route: methods_of(pattern.callback) for route, pattern in patterns()}


def methods_of(view) -> set[str]:
    if actions := getattr(view, "actions", None):  # of a viewset
        return {method.upper() for method in actions} & set(METHODS)
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return {method for method in METHODS if cls and hasattr(cls, method.lower())}


class Anything(dict):
    def __missing__(self, name: str) -> str:
        return UUID if name == "act" else ANYTHING


def route_of(address: str) -> str:
    """Return the route that answers an address, whose ids may still be `{names}`."""
    path = address.partition("?")[0].format_map(Anything())
    return path.strip("/") if path.strip("/") in BEFORE_DJANGO else resolve(path).route
