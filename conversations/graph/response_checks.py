"""Checks that the body of a response has the expected shape."""

from typing import Any

from conversations.graph.errors import TransientError


def any_json(body: Any) -> Any:
    """Accept any JSON."""
    return body


def json_object(body: Any) -> dict:
    """Return the body if it is an object. Raises TransientError otherwise."""
    if not isinstance(body, dict):
        raise TransientError("Facebook's response does not contain the requested object.")
    return body


def json_list(body: Any) -> dict:
    """Return the body if it has a list in `data`. A response without it is an error, not an empty list."""
    if not isinstance(body, dict) or not isinstance(body.get("data"), list):
        raise TransientError("Facebook's response does not contain the requested list.")
    return body
