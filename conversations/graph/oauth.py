"""Gets tokens from /oauth/access_token: for a login code, or a long-lived token for a short-lived one."""

from typing import Any

import requests

from conversations.graph import errors
from conversations.graph.error_rules.envelopes import find_error
from conversations.graph.errors import GraphError
from conversations.graph.http import HttpSession
from conversations.graph.options import HttpLimits

LIMITS = HttpLimits(connect_seconds=10, read_seconds=20, response_seconds=30, max_bytes=1_000_000)
SECRETS = ("client_secret", "code", "fb_exchange_token")


def exchange(url: str, version: str, form: dict[str, str]) -> str:
    """Return the token that Facebook gives for this form. The form is sent in the body: no URL has a secret.

    The request is sent once, because a code is valid once. Raises GraphError, whose text has none of the
    secrets.
    """
    http = HttpSession("", LIMITS)
    try:
        response = http.request("POST", f"{url}/{version}/oauth/access_token", data=form, auth=_without_token)
    finally:
        http.close()
    token = response.body.get("access_token") if isinstance(response.body, dict) else None
    if response.status == 200 and isinstance(token, str) and _is_plain(token):
        return token
    raise _refusal(response.status, response.body, form)


def _is_plain(token: str) -> bool:
    return bool(token) and token.isascii() and token.isprintable()


def _without_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _refusal(status: int, body: Any, form: dict[str, str]) -> GraphError:
    text = str((find_error(body) or {}).get("message") or "")
    for name in SECRETS:
        text = errors.redact(text, form.get(name, ""))
    message = errors.shorten(text, "", 300)
    return GraphError(message or f"Facebook's response does not contain a token (HTTP {status}).")
