"""The webhooks that a sandbox sends, and how an app subscribes to them."""

import hmac
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from conversations.sandbox import World
from conversations.sandbox.switches import Switches
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS
from conversations.sandbox.webhooks.sender import WebhookSender
from conversations.sandbox.webhooks.signed_requests import signed_request, signed_requests

APP = {"access_token": "100000000000000|secret"}
PATH = "/v26.0/900000000000001/subscribed_apps"


@dataclass
class Receiver:
    """What arrives at the callback address. `statuses` are the next answers; then it is 200."""

    bodies: list[Any] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def __call__(self, address: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
        self.raw.append(body)
        self.bodies.append(json.loads(body))
        self.headers.append(headers)
        return self.statuses.pop(0) if self.statuses else 200

    @property
    def items(self) -> list[dict]:
        lists = ("messaging", "standby", "changes")
        entries = [entry for body in self.bodies for entry in body["entry"]]
        return [item for entry in entries for name in lists for item in entry.get(name, [])]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def sender(world, page, receiver) -> WebhookSender:
    sender = WebhookSender(world, Switches(), receiver)
    sender.subscribe_app("https://inbox.example/webhooks/facebook")
    page.subscribed_fields = PAGE_FIELDS
    return sender


def kinds(receiver: Receiver) -> list[str]:
    known = ("sender", "recipient", "timestamp")
    return [next(name for name in item if name not in known) for item in receiver.items]


@pytest.mark.parametrize("platform", ["messenger", "instagram"])
def test_every_change_of_the_world_is_sent(world: World, page, sender, receiver, platform):
    picture = {"mime_type": "image/png", "image_data": {"url": "https://cdn.example/1.png"}}
    thread = world.add_conversation(page, "Ana", 0, platform=platform)
    first = world.add_message(thread, "Look", attachments=[picture], reply_to={"mid": "m_before"})
    answer = world.add_message(thread, "Nice", from_page=True, told={"metadata": "ours"})
    world.edit_message(thread, first.id, "Look at this")
    world.react(thread, answer.id, "love")
    world.react(thread, answer.id, None)
    world.react(thread, first.id, "haha", by_page=True)
    world.mark_delivered(thread)
    world.mark_read(thread)
    world.tap_button(thread, "Get started", "GO", referral={"source": "ADS", "ad_id": "5"})
    world.refer(thread, source="SHORTLINK", type="OPEN_THREAD", ref="x")
    world.remove_message(thread, first.id)
    sender.send_due()
    delivered = ["delivery"] if platform == "messenger" else []
    assert kinds(receiver) == [
        *("message", "message", "message_edit", "reaction", "reaction", "reaction"),
        *(*delivered, "read", "postback", "referral", "message"),
    ]
    assert thread.customer
    values = [item[kind] for item, kind in zip(receiver.items, kinds(receiver), strict=True)]
    assert values[0]["attachments"] == [{"type": "image", "payload": {"url": "https://cdn.example/1.png"}}]
    assert values[0]["reply_to"] == {"mid": "m_before"}
    assert (values[1]["is_echo"], values[1]["metadata"]) == (True, "ours")
    assert values[2] == {"mid": first.id, "text": "Look at this", "num_edit": 1}
    assert (values[3]["action"], values[3]["emoji"], values[4]["action"]) == ("react", "❤", "unreact")
    assert values[-1] == {"mid": first.id, "is_deleted": True}
    assert receiver.items[1]["recipient"] == {"id": thread.customer.id}
    read = values[-4]
    assert read == ({"mid": answer.id} if platform == "instagram" else {"watermark": 1795197600000})
    account = page.id if platform == "messenger" else page.instagram_id
    assert {entry["id"] for body in receiver.bodies for entry in body["entry"]} == {account}


def test_bodies_are_signed_and_their_form_varies(world, page, sender, receiver):
    thread = world.add_conversation(page, "Ana", 0)
    world.add_message(thread, "Grüße")
    sender.options.secret = "new"
    sender.send_due()
    expected = hmac.digest(b"new", receiver.raw[0], "sha256").hex()
    assert receiver.headers[0]["X-Hub-Signature-256"] == f"sha256={expected}"
    assert b"Gr\\u00fc\\u00dfe" in receiver.raw[0]

    sender.options.as_array = sender.options.numeric_ids = True
    sender.options.escape_unicode, sender.options.time_unit, sender.options.mid_form = (
        False,
        "seconds",
        "bare",
    )
    sender.options.wrong_signature = 1
    message = world.add_message(thread, "Grüße")
    sender.send_due()
    [whole] = receiver.bodies.pop()
    [item] = whole["entry"][0]["messaging"]
    assert thread.customer
    assert item["sender"] == {"id": int(thread.customer.id)}
    assert item["message"]["mid"] == message.id.removeprefix("m_")
    assert item["timestamp"] == int(world.clock.now())
    assert "Grüße".encode() in receiver.raw[1]
    expected = hmac.digest(b"new", receiver.raw[1], "sha256").hex()
    assert receiver.headers[1]["X-Hub-Signature-256"] != f"sha256={expected}"

    world.has_old_ids, sender.options.as_array = True, False
    old = world.add_message(thread, "Old")
    sender.send_due()
    assert old.id.startswith("m_mid.$")
    assert receiver.items[-1]["message"]["mid"] == old.id.removeprefix("m_")


def test_batches_duplicates_gaps_and_delays(world, page, sender, receiver):
    thread = world.add_conversation(page, "Ana", 0)
    options = sender.options
    options.batch, options.duplicate_items, options.duplicate_posts = 4, 2, 2
    for number in range(4):
        world.add_message(thread, f"No. {number}")
    sender.send_due()
    texts = [item["message"]["text"][-1] for item in receiver.items]
    assert texts == ["0", "1", "1", "2", "3", "3", "3", "3"]
    assert len(receiver.bodies) == 3

    options.drop, options.batch = True, 1
    world.add_message(thread, "Lost")
    options.drop, options.delay_seconds, options.shuffle = False, 30, True
    for number in range(30):
        world.add_message(thread, f"Late {number:02}")
    assert sender.send_due() == []
    world.clock.advance(30)
    del receiver.bodies[:]
    sender.send_due()
    texts = [item["message"]["text"] for item in receiver.items]
    assert sorted(set(texts)) == [f"Late {number:02}" for number in range(30)]
    assert texts != sorted(texts)
    assert [item["message"]["text"] for item in sender.dropped] == ["Lost"]


def test_failures_are_repeated_at_once_then_slowly_until_the_page_is_unsubscribed(
    world, page, sender, receiver
):
    thread = world.add_conversation(page, "Ana", 0)
    receiver.statuses = [503, 503]
    world.add_message(thread, "Hello")
    assert [attempt.status for attempt in sender.send_due()] == [503, 503, 200]

    receiver.statuses = [500] * 100
    world.add_message(thread, "Hello")
    assert len(sender.send_due()) == 4
    assert not sender.is_idle
    for _ in range(3):
        world.clock.advance(300)
        sender.send_due()
    assert page.subscribed_fields
    world.clock.advance(3000)
    sender.send_due()
    assert page.subscribed_fields == ()
    assert sender.is_idle
    receiver.statuses.clear()
    world.add_message(thread, "Unheard")
    assert sender.send_due() == []


def test_only_what_is_subscribed_is_sent(world, page, sender, receiver):
    thread = world.add_conversation(page, "Ana", 0)
    page.subscribed_fields = ("messages", "standby")
    world.add_message(thread, "Echo", from_page=True)
    world.add_message(thread, "Nobody's", nameless=True)
    thread.is_standby = True
    world.add_message(thread, "Standby")
    sender.switches.standard_access = True
    world.add_message(thread, "No role")
    sender.send_due()
    [entry] = receiver.bodies[0]["entry"]
    assert [item["message"]["text"] for item in entry["standby"]] == ["Standby"]
    assert len(receiver.bodies) == 1
    sender.lose(page)
    sender.switches.standard_access = False
    world.add_message(thread, "Lost")
    assert sender.send_due() == []


def test_dashboard_sends_its_tests(sender, receiver):
    sender.send_test("page")
    sender.send_test("instagram")
    sender.send_due()
    entries = [body["entry"][0] for body in receiver.bodies]
    assert [entry["id"] for entry in entries] == ["0", "0"]
    assert entries[0]["messaging"][0]["message"]["mid"] == "random_mid"
    assert entries[1]["changes"][0]["value"]["message"]["mid"] == "random_mid"


# -- subscribing -------------------------------------------------------------------------------------------
def test_page_is_subscribed_to_known_fields_only_and_a_call_replaces_them(sandbox, graph, page):
    url = sandbox.url + PATH

    def post(fields: str, token: str = page.token) -> requests.Response:
        data = {"subscribed_fields": fields, "access_token": token}
        return requests.post(url, data=data, timeout=60)

    assert graph(PATH) == {"data": []}
    assert post("messages,message_echoes").json() == {"success": True}
    assert post('["messages","standby"]').json() == {"success": True}
    [app] = graph(PATH)["data"]
    assert (app["id"], app["subscribed_fields"]) == ("100000000000000", ["messages", "standby"])
    refused = post("messages,messaging_seen").json()["error"]
    assert refused["code"] == 100
    assert "message_reads" in refused["message"]
    assert page.subscribed_fields == ("messages", "standby")
    assert post("").json()["error"]["code"] == 100
    user = sandbox.world.add_user(pages=[page])
    assert post("messages", user.token).json()["error"]["code"] == 210
    headers = {"Authorization": f"Bearer {page.token}"}
    assert requests.delete(url, headers=headers, timeout=60).json() == {"success": True}
    assert graph(PATH) == {"data": []}
    sandbox.world.tokens[page.token].granted.discard("pages_manage_metadata")
    assert post("messages").json()["error"]["code"] == 200


def test_address_of_an_app_is_verified(sandbox, monkeypatch):
    sandbox.switches.app_secret = "secret"
    url = f"{sandbox.url}/v26.0/100000000000000/subscriptions"
    values = {"object": "page", "callback_url": "https://inbox.example/x", "verify_token": "token"}
    asked = []

    def get(address: str, timeout: float) -> tuple[int, str]:
        asked.append(address)
        return 200, address.partition("hub.challenge=")[2].partition("&")[0] if len(asked) > 1 else "OK"

    monkeypatch.setattr("conversations.sandbox.webhooks.subscribing.http_get", get)
    assert requests.get(url, params={"access_token": "1|x"}, timeout=60).json()["error"]["code"] == 190
    fields = {"fields": "messages,messaging_seen"}
    assert requests.post(url, data=APP | values | fields, timeout=60).json()["error"]["code"] == 100
    assert requests.post(url, data=APP | values, timeout=60).json()["error"]["code"] == 2200
    fields = {"fields": "messages,standby"}
    assert requests.post(url, data=APP | values | fields, timeout=60).json() == {"success": True}
    [shown] = requests.get(url, params=APP, timeout=60).json()["data"]
    assert (shown["object"], shown["callback_url"], shown["active"]) == ("page", values["callback_url"], True)
    assert [each["name"] for each in shown["fields"]] == ["messages", "standby"]
    requests.delete(url, data=APP | {"object": "page"}, timeout=60)
    assert requests.get(url, params=APP, timeout=60).json() == {"data": []}


def test_profiles_are_shown_or_refused(sandbox, graph, world, page):
    thread = world.add_conversation(page, "Ana Maria Test", 1)
    assert thread.customer
    path = f"/{thread.customer.id}"
    assert graph(path, fields="first_name,last_name") == {
        "first_name": "Ana Maria",
        "last_name": "Test",
        "id": thread.customer.id,
    }
    sandbox.switches.profiles = "public"
    assert graph.error(path, fields="first_name") == (400, 100, 2018218)
    assert graph(path, fields="name")["name"] == "Ana Maria Test"
    sandbox.switches.profiles, thread.customer.is_page = "shown", True
    assert "node type (Page)" in graph(path, fields="first_name")["error"]["message"]


def test_signed_requests_name_good_and_bad_ones():
    made = signed_requests("secret", "1234")
    assert {name for name, (_, is_good) in made.items() if is_good} == {"good", "with expiry", "replay"}
    signature, payload = signed_request("secret", "1234").split(".")
    assert "=" not in signature + payload
    assert made["forged"][0].split(".")[0] != signature
