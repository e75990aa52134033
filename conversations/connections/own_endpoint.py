"""Calls our own public address as Facebook does, to see whether it would get through."""

import secrets

import requests
from django.conf import settings

from conversations.connections.app_address import public_address

TIMEOUT_SECONDS = 10
WRONG_SIGNATURE = "sha256=" + "0" * 64


def problem_of_address() -> str:
    """Return why Facebook could not verify the address; empty if it could."""
    challenge = secrets.token_hex(8)
    query = {
        "hub.mode": "subscribe",
        "hub.verify_token": settings.FACEBOOK_VERIFY_TOKEN,
        "hub.challenge": challenge,
    }
    try:
        answer = requests.get(public_address(), params=query, timeout=TIMEOUT_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return f"{public_address()} cannot be reached from here ({type(error).__name__})"
    if answer.is_redirect:
        return f"{public_address()} redirects, which Facebook does not follow"
    if answer.status_code == 200 and answer.text == challenge:
        return ""
    if answer.status_code == 403:
        return f"{public_address()} has another verify token: another installation answers there"
    return f"{public_address()} answers with {answer.status_code}, not with Inbox"


def problem_of_signature() -> str:
    """Return why the address would not accept what Facebook signs; empty if nothing is known."""
    headers = {"X-Hub-Signature-256": WRONG_SIGNATURE, "Content-Type": "application/json"}
    try:
        answer = requests.post(
            public_address(), data=b"{}", headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )
    except requests.RequestException as error:
        return f"{public_address()} does not accept a POST ({type(error).__name__})"
    if answer.status_code == 503:
        return "the web process has no secret: set FACEBOOK_APP_SECRET there, too, and restart it"
    return "" if answer.status_code == 403 else f"a wrong signature was answered with {answer.status_code}"
