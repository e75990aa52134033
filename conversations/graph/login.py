"""/oauth/access_token: a token for a code, or a longer one for a shorter."""

from typing import Any

import requests

from conversations.graph import errors
from conversations.graph.errors import GraphError
from conversations.graph.http import Http

TIMEOUT_SECONDS = (10.0, 20.0)
LARGEST_ANSWER_BYTES = 1_000_000
SECRETS = ("client_secret", "code", "fb_exchange_token")


def exchange(url: str, version: str, form: dict[str, str]) -> str:
    """The token that Facebook gives for this form, which goes in the body: no address has a secret.

    Asked once: a code counts once. Raises GraphError, without any of the secrets in its words.
    """
    http = Http("", timeout_seconds=TIMEOUT_SECONDS, answer_seconds=30, largest_answer=LARGEST_ANSWER_BYTES)
    try:
        answer = http.ask("POST", f"{url}/{version}/oauth/access_token", data=form, auth=_without_token)
    finally:
        http.close()
    token = answer.body.get("access_token") if isinstance(answer.body, dict) else None
    if answer.status == 200 and isinstance(token, str) and token.isascii() and token.isprintable() and token:
        return token
    raise _refusal(answer.status, answer.body, form)


def _without_token(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _refusal(status: int, body: Any, form: dict[str, str]) -> GraphError:
    """Two shapes are known: Graph's envelope and {error_type, code, error_message}."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        words = str(error.get("message") or "")
    else:
        words = str(body.get("error_message") or "") if isinstance(body, dict) else ""
    for name in SECRETS:
        words = errors.redact(words, form.get(name, ""))
    shown = errors.in_short(words, "", 300)
    return GraphError(shown or f"Facebook answered without a token (HTTP {status}).")
