"""The address that Facebook calls, in a real web process, until the message is in the conversation."""

import hmac

import pytest
import requests

from conversations.models import InteractionEvent, WebhookDelivery
from tests.conversations.webhooks.deliveries import body, message
from tests.crash.processes import wait_until

PATH = "/webhooks/facebook"
SECRETS = ("new secret", "old secret")
TOKEN = "the verify token"


@pytest.fixture
def door(start_web):
    return start_web(FACEBOOK_WEBHOOK_SECRETS=",".join(SECRETS), FACEBOOK_VERIFY_TOKEN=TOKEN)


def signature(content: bytes, secret: str = SECRETS[0]) -> str:
    return "sha256=" + hmac.digest(secret.encode(), content, "sha256").hex()


def post(web, content: bytes, header: str | None = None, **more: str) -> requests.Response:
    signed = {"X-Hub-Signature-256": signature(content) if header is None else header}
    return requests.post(web.url + PATH, data=content, headers=signed | more, timeout=60)


def verify(web, **values: str) -> requests.Response:
    known = {"mode": "subscribe", "verify_token": TOKEN, "challenge": "1158201444"} | values
    return requests.get(
        web.url + PATH, params={f"hub.{key}": value for key, value in known.items()}, timeout=60
    )


def test_only_what_facebook_has_signed_is_stored(door, page):
    accepted = verify(door)
    assert (accepted.status_code, accepted.text) == (200, "1158201444")
    assert accepted.headers["Content-Type"].startswith("text/plain")
    for wrong in (
        {"mode": "unsubscribe"},
        {"verify_token": "?"},
        {"challenge": "<b>"},
        {"challenge": "x" * 201},
    ):
        assert verify(door, **wrong).status_code == 403, wrong
    assert requests.put(door.url + PATH, timeout=60).status_code == 405

    content = body(message("m_1", "Good morning"))
    good = signature(content)
    for bad in ("", "sha256=", good.upper(), good + "0", good[:-1] + "?", good.replace("sha256", "sha1")):
        assert post(door, content, bad).status_code == 403, bad
    assert post(door, content, signature(content, "another secret")).status_code == 403
    assert post(door, content + b" ", good).status_code == 403
    assert not WebhookDelivery.objects.exists()

    assert post(door, b"x" * (4 * 2**20 + 1)).status_code == 413
    for odd in (
        b"",
        b"{",
        b"x" * (4 * 2**20),
        b'{"object": "page", "entry": [{"id": "5", "messaging": [{}]}]}',
    ):
        assert post(door, odd).status_code == 200
    for secret in SECRETS:
        answer = post(door, content, signature(content, secret))
        assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    pending = WebhookDelivery.objects.filter(state="pending")
    wait_until(lambda: not pending.exists(), "no delivery is pending")
    states = sorted(WebhookDelivery.objects.values_list("state", flat=True))
    assert states == ["done", "done", "failed", "failed", "failed", "ignored"]
    assert InteractionEvent.objects.get().text == "Good morning"
    for secret in (*SECRETS, TOKEN, good[7:], "Good morning"):
        assert secret not in door.log


def test_without_a_secret_the_door_is_shut(web):
    content = body(message("m_1"))
    assert post(web, content).status_code == 503
    assert not WebhookDelivery.objects.exists()
