"""The address that Facebook calls, in a real web process, until the message is in the conversation."""

import hmac
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import requests

from conversations.models import InteractionEvent, WebhookDelivery
from tests.conversations.webhooks.deliveries import body, message
from tests.crash.processes import wait_until
from tests.live.conftest import VERIFY_TOKEN, WEBHOOK_SECRETS

PATH = "/webhooks/facebook"
ALL_AT_ONCE = 300


def signature(content: bytes, secret: str = WEBHOOK_SECRETS[0]) -> str:
    return "sha256=" + hmac.digest(secret.encode(), content, "sha256").hex()


def post(web, content: bytes, header: str | None = None, **more: str) -> requests.Response:
    signed = {"X-Hub-Signature-256": signature(content) if header is None else header}
    return requests.post(web.url + PATH, data=content, headers=signed | more, timeout=60)


def verify(web, **values: str) -> requests.Response:
    known = {"mode": "subscribe", "verify_token": VERIFY_TOKEN, "challenge": "1158201444"} | values
    return requests.get(
        web.url + PATH, params={f"hub.{key}": value for key, value in known.items()}, timeout=60
    )


def test_only_what_facebook_has_signed_is_stored(web, page, key):
    before = len(web.log)
    accepted = verify(web)
    assert (accepted.status_code, accepted.text) == (200, "1158201444")
    assert accepted.headers["Content-Type"].startswith("text/plain")
    for wrong in (
        {"mode": "unsubscribe"},
        {"verify_token": "?"},
        {"challenge": "<b>"},
        {"challenge": "x" * 201},
    ):
        assert verify(web, **wrong).status_code == 403, wrong
    assert requests.put(web.url + PATH, timeout=60).status_code == 405

    content = body(message("m_1", "Good morning"))
    good = signature(content)
    for bad in ("", "sha256=", good.upper(), good + "0", good[:-1] + "?", good.replace("sha256", "sha1")):
        assert post(web, content, bad).status_code == 403, bad
    assert post(web, content, signature(content, "another secret")).status_code == 403
    assert post(web, content + b" ", good).status_code == 403
    for size in (100, 200_000, 4 * 2**20):  # whoever sends it
        assert post(web, b"x" * size, good, **key).status_code == 403
    assert post(web, b"x" * (4 * 2**20 + 1), "").status_code == 403
    assert not WebhookDelivery.objects.exists()

    assert post(web, b"x" * (4 * 2**20 + 1)).status_code == 413
    for odd in (
        b"",
        b"{",
        b"x" * (4 * 2**20),
        b'{"object": "page", "entry": [{"id": "5", "messaging": [{}]}]}',
    ):
        assert post(web, odd).status_code == 200
    for secret in WEBHOOK_SECRETS:
        answer = post(web, content, signature(content, secret))
        assert (answer.status_code, answer.text) == (200, "EVENT_RECEIVED")
    pending = WebhookDelivery.objects.filter(state="pending")
    wait_until(lambda: not pending.exists(), "no delivery is pending")
    states = sorted(WebhookDelivery.objects.values_list("state", flat=True))
    assert states == ["done", "done", "failed", "failed", "failed", "ignored"]
    assert InteractionEvent.objects.get().text == "Good morning"
    for secret in (*WEBHOOK_SECRETS, VERIFY_TOKEN, good[7:], "Good morning"):
        assert secret not in web.log[before:]


def test_strangers_at_the_door_leave_the_site_to_its_users(web, page, key):
    """They verify, sign wrongly and send as much as is allowed. Facebook and users get answers meanwhile."""
    content, wrong = body(message("m_1", "Good morning")), signature(b"something else")
    large = b"x" * (2 * 2**20)

    def knock(number: int) -> int:
        if number % 3 == 0:
            return verify(web, verify_token="?").status_code
        return post(web, large if number % 3 == 1 else content, wrong).status_code

    with ThreadPoolExecutor(100) as threads:
        flood = [threads.submit(knock, number) for number in range(ALL_AT_ONCE)]
        users = [requests.get(f"{web.url}/api/pages", headers=key, timeout=60).status_code for _ in range(5)]
        ready = requests.get(f"{web.url}/readyz", timeout=60).status_code
        delivered = post(web, content).status_code
        answers = Counter(one.result() for one in flood)
    assert (users, ready, delivered) == ([200] * 5, 200, 200)
    assert set(answers) <= {403, 503}  # 503: too many large bodies at the same time
    assert answers[403] > ALL_AT_ONCE // 2
    assert WebhookDelivery.objects.count() == 1


def test_without_a_secret_the_door_is_shut(start_web):
    web = start_web(FACEBOOK_WEBHOOK_SECRETS="", FACEBOOK_APP_SECRET="")
    content = body(message("m_1"))
    assert post(web, content).status_code == 503
    assert not WebhookDelivery.objects.exists()
