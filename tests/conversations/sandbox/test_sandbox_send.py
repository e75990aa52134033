"""POST /{page}/messages: what a call says, the message in the thread, its echo, and Facebook's refusals."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests

from conversations.sandbox import GraphFailure, Person, SandboxServer, Thread
from conversations.sandbox.http_server import Handler
from conversations.sandbox.limits import Limits
from conversations.sandbox.send_api import send_faults
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS

DAY = 86400
Error = tuple[int, int, int | None]  # HTTP status, code, subcode
Send = Callable[..., Any]


@pytest.fixture
def ana(world, page) -> Thread:
    return world.add_conversation(page, Person("7001", "Ana Test"), ["Hi!"])


@pytest.fixture
def ig(world, page) -> Thread:
    return world.add_conversation(page, Person("8001", username="ana.test"), ["Hi!"], platform="instagram")


@pytest.fixture
def send(sandbox, page) -> Send:
    """Call with `recipient` and message; returns the JSON, or (status, code, subcode) of an error."""

    def post(person: str | None, message: Any = None, path: str = "/me/messages", **more: Any) -> Any:
        token = more.pop("token", page.token)
        body = {"recipient": {"id": person}, "message": message, **more}
        answer = requests.post(
            f"{sandbox.url}/v26.0{path}",
            json={name: value for name, value in body.items() if value is not None},
            headers={"Authorization": f"Bearer {token}"},
            timeout=60,
        )
        if error := answer.json().get("error"):
            return answer.status_code, error["code"], error.get("error_subcode")
        return answer.json()

    return post


@pytest.fixture
def echoes(sandbox: SandboxServer, page) -> list[dict]:
    """Items that arrived at the callback address."""
    items: list[dict] = []

    def post(address: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
        entries = json.loads(body)["entry"]
        items.extend(
            item for entry in entries for name in ("messaging", "standby") for item in entry.get(name, [])
        )
        return 200

    sandbox.webhooks.post = post
    sandbox.webhooks.subscribe_app("https://inbox.example/webhooks/facebook")
    page.subscribed_fields = PAGE_FIELDS
    return items


def texts(thread: Thread) -> list[str | None]:
    return [message.message for message in thread.history.newest(0, len(thread.history))][::-1]


# -- the message -------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/me/messages", "/900000000000001/messages"])
def test_sent_message_is_in_the_thread_under_the_id_of_the_answer(send, graph, ana, world, path):
    ana.unread_count = 2
    world.clock.advance(60)
    answer = send("7001", {"text": "Hello Ana"}, path, messaging_type="RESPONSE")
    assert answer == {"recipient_id": "7001", "message_id": ana.history.newest(0, 1)[0].id}
    [thread] = graph("/me/conversations", fields="unread_count,updated_time")["data"]
    assert thread == {"id": ana.id, "updated_time": "2026-11-20T18:01:00+0000"}
    newest = graph(f"/{ana.id}/messages", fields="id,message,from,to,created_time")["data"][0]
    assert newest["id"] == answer["message_id"]
    assert (newest["message"], newest["from"]["id"]) == ("Hello Ana", "900000000000001")
    assert [person["id"] for person in newest["to"]["data"]] == ["7001"]
    assert graph(f"/{answer['message_id']}")["id"] == answer["message_id"]


def test_instagram_sends_by_the_same_edge(send, graph, ig):
    answer = send("8001", {"text": "Hello"})
    newest = graph(f"/{ig.id}/messages", fields="id,message,from")["data"][0]
    assert (newest["id"], newest["from"]["id"]) == (answer["message_id"], "17841400000000001")


def test_quote_sticker_template_and_quick_replies(send, ana):
    [asked] = ana.history.newest(0, 1)
    send("7001", {"text": "Yes"}, reply_to={"mid": asked.id})
    send("7001", {"sticker_id": 369239263222822})
    replies = [{"content_type": "text", "title": "Yes", "payload": "Y"}]
    send("7001", {"text": "Sure?", "quick_replies": replies})
    template = {"template_type": "generic", "elements": [{"title": "Lamp", "subtitle": "Oak"}]}
    send("7001", {"attachment": {"type": "template", "payload": template}})
    card, question, sticker, quote = ana.history.newest(0, 4)
    assert quote.fields["reply_to"] == {"mid": asked.id, "is_self_reply": False}
    assert sticker.fields["sticker"].endswith("/369239263222822_sticker.png")
    assert question.message == "Sure?"
    [attachment] = card.fields["attachments"]
    assert attachment["generic_template"] == {"title": "Lamp", "subtitle": "Oak"}


def test_form_and_json_parameters_say_the_same(sandbox, page, ana):
    data = {
        "recipient": '{"id": 7001}',
        "message": '{"text": "Grüße", "metadata": "a"}',
        "access_token": page.token,
    }
    answer = requests.post(f"{sandbox.url}/me/messages", data=data, timeout=60).json()
    assert answer["message_id"] == ana.history.newest(0, 1)[0].id
    assert texts(ana)[-1] == "Grüße"


def test_answers_vary(sandbox, send, ana, world):
    sandbox.send.message_id_form = "bare"
    sandbox.send.answer_marks_read = False
    ana.unread_count = 1
    answer = send("7001", {"text": "Hello"})
    assert f"m_{answer['message_id']}" == ana.history.newest(0, 1)[0].id
    assert ana.unread_count == 1


# -- acts without a message --------------------------------------------------------------------------------
def test_sender_actions_answer_the_recipient_alone(sandbox, send, ana, echoes):
    [asked] = ana.history.newest(0, 1)
    assert send("7001", sender_action="typing_on") == {"recipient_id": "7001"}
    ana.unread_count = 1
    sandbox.send.mark_seen_marks_read = False
    assert send("7001", sender_action="mark_seen") == {"recipient_id": "7001"}
    assert ana.unread_count == 1
    sandbox.send.mark_seen_marks_read = True
    send("7001", sender_action="MARK_SEEN")
    assert ana.unread_count == 0
    send("7001", sender_action="react", payload={"message_id": asked.id, "reaction": "❤"})
    assert ana.history.newest(0, 1)[0].fields["reactions"][0]["users"] == [{"id": "900000000000001"}]
    send("7001", sender_action="unreact", payload={"message_id": asked.id})
    assert ana.history.newest(0, 1)[0].fields["reactions"] == []
    assert send("7001", sender_action="react", payload={"message_id": "m_none"}) == (400, 100, None)
    assert send("7001", {"text": "x"}, sender_action="typing_on") == (400, 100, 2018014)
    sandbox.webhooks.send_due()
    assert [item["reaction"]["action"] for item in echoes] == ["react", "unreact"]


# -- echoes ------------------------------------------------------------------------------------------------
def test_echo_has_the_app_and_the_metadata(sandbox, send, ana, ig, echoes):
    answer = send("7001", {"text": "Hello", "metadata": "outbox:1"})
    send("8001", {"text": "Hello", "metadata": "outbox:2"})
    sandbox.webhooks.send_due()
    assert echoes[0]["message"] == {
        "mid": answer["message_id"],
        "is_echo": True,
        "app_id": 100000000000000,
        "text": "Hello",
        "metadata": "outbox:1",
    }
    assert (echoes[0]["sender"]["id"], echoes[0]["recipient"]["id"]) == ("900000000000001", "7001")
    assert "metadata" not in echoes[1]["message"]
    sandbox.send.echo_app_id, sandbox.send.echo_metadata = False, {"instagram"}
    send("8001", {"text": "Hello", "metadata": "outbox:3"})
    sandbox.webhooks.send_due()
    assert "app_id" not in echoes[2]["message"]
    assert echoes[2]["message"]["metadata"] == "outbox:3"


def test_echo_comes_before_or_late_or_never(sandbox, send, ana, echoes, world):
    sandbox.send.echo = "before"
    send("7001", {"text": "Before"})
    assert [item["message"]["text"] for item in echoes] == ["Before"]
    sandbox.send.echo = "never"
    send("7001", {"text": "Never"})
    assert [item["message"]["text"] for item in sandbox.webhooks.dropped] == ["Never"]
    sandbox.send.echo = "late"
    send("7001", {"text": "Late"})
    world.clock.advance(29)
    sandbox.webhooks.send_due()
    assert len(echoes) == 1
    world.clock.advance(1)
    sandbox.webhooks.send_due()
    assert [item["message"]["text"] for item in echoes] == ["Before", "Late"]
    assert texts(ana) == ["Hi!", "Before", "Never", "Late"]


def test_echo_comes_after_the_answer_while_webhooks_are_sent_in_the_background(
    sandbox, send, ana, echoes, monkeypatch
):
    before_answers: list[int] = []
    answer = Handler._send

    def count_echoes(self: Handler, *args: Any) -> None:
        answer(self, *args)
        before_answers.append(len(echoes))

    monkeypatch.setattr(Handler, "_send", count_echoes)
    sandbox.latency.scale, sandbox.latency.call = 1, 0.2  # time enough for an echo that does not wait
    sandbox.webhooks.start()
    assert send("7001", {"text": "Hello"})["message_id"]
    while not echoes:
        pass
    assert before_answers == [0]


def test_receipts_follow(sandbox, send, ana, echoes, world):
    sandbox.send.delivered_after, sandbox.send.seen_after = 1, 5
    answer = send("7001", {"text": "Hello"})
    for _ in range(5):
        sandbox.webhooks.send_due()
        world.clock.advance(1)
    assert [set(item) - {"sender", "recipient", "timestamp"} for item in echoes] == [
        {"message"},
        {"delivery"},
    ]
    assert echoes[1]["delivery"]["mids"] == [answer["message_id"]]
    assert echoes[1]["sender"]["id"] == "7001"
    sandbox.webhooks.send_due()
    assert echoes[2]["read"]["watermark"] == 1795197600000
    assert sandbox.webhooks.is_idle


# -- windows -----------------------------------------------------------------------------------------------
def test_window_ends_24_hours_after_the_newest_message_of_the_customer(send, ana, ig, world):
    world.clock.advance(DAY - 1)
    assert send("7001", {"text": "In time"})["message_id"]
    world.clock.advance(1)
    assert send("7001", {"text": "Late"}) == (400, 10, 2018278)
    assert send("7001", {"text": "Late"}, messaging_type="UPDATE") == (400, 10, 2018278)
    assert send("8001", {"text": "Late"}) == (400, 10, 2534022)
    world.add_message(ana, "Hello?")
    assert send("7001", {"text": "Open again"})["message_id"]


def test_taps_reactions_and_referrals_open_the_window(sandbox, send, ana, world):
    [asked] = ana.history.newest(0, 1)
    for act in (
        lambda: world.react(ana, asked.id, "love"),
        lambda: world.refer(ana, source="ADS"),
        lambda: world.tap_button(ana, "Go"),
    ):
        world.clock.advance(DAY)
        assert send("7001", {"text": "Late"}) == (400, 10, 2018278)
        act()
        assert send("7001", {"text": "Open"})["message_id"]
    world.clock.advance(DAY)
    world.react(ana, asked.id, "haha")
    sandbox.send.also_opened_by, sandbox.send.window_subcode = set(), 2018065
    assert send("7001", {"text": "Late"}) == (400, 10, 2018065)


def test_people_answer_for_seven_days_if_the_app_is_approved(sandbox, send, ana, world):
    world.clock.advance(2 * DAY)
    tagged = {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    assert send("7001", {"text": "Hello"}, **tagged) == (400, 10, None)
    sandbox.send.human_agent_refusal = "parameter"
    assert send("7001", {"text": "Hello"}, **tagged) == (400, 100, None)
    sandbox.send.human_agent = True
    assert send("7001", {"text": "Hello"}, **tagged)["message_id"]
    world.clock.advance(5 * DAY)
    assert send("7001", {"text": "Hello"}, **tagged) == (400, 10, 2018278)


@pytest.mark.parametrize(
    "more",
    [
        {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
        {"messaging_type": "MESSAGE_TAG"},
        {"messaging_type": "URGENT"},
        {"messaging_type": "UTILITY"},
        {"notification_type": "LOUD"},
        {"persona_id": "1"},
        {"reply_to": {"mid": "m_nothing"}},
        {"reply_to": "m_nothing"},
        {"recipient": "nobody"},
        {"recipient": {"name": "Ana"}},
        {"recipient": {}},
    ],
)
def test_wrong_parameters_are_refused(send, ana, more):
    assert send("7001", {"text": "Hello"}, **more) == (400, 100, None)
    assert texts(ana) == ["Hi!"]


@pytest.mark.parametrize(
    "message",
    [
        None,
        {"text": ""},
        {"text": "x" * 2001},
        {"text": "x", "metadata": "x" * 1001},
        {"text": "x", "tone": "kind"},
        {"text": "x", "quick_replies": [{"content_type": "text", "title": "x"}] * 14},
        {"text": "x", "quick_replies": [{"content_type": "voice"}]},
        {"attachment": {"type": "hologram", "payload": {}}},
        {"attachment": {"type": "image", "payload": {}}},
        {"attachment": {"type": "template", "payload": {}}},
        {"attachments": [{"type": "image", "payload": {"url": "http://x"}}] * 11},
    ],
)
def test_wrong_messages_are_refused(send, ana, message):
    assert send("7001", message) == (400, 100, None)
    assert texts(ana) == ["Hi!"]


def test_length_is_counted_in_characters_and_on_instagram_in_bytes(sandbox, send, ana, ig):
    assert send("7001", {"text": "😀" * 2000})["message_id"]
    assert send("8001", {"text": "ü" * 500})["message_id"]
    assert send("8001", {"text": "ü" * 501}) == (400, 100, None)
    sandbox.send.max_instagram_bytes = None
    assert send("8001", {"text": "ü" * 501})["message_id"]


# -- who may not -------------------------------------------------------------------------------------------
def test_people_who_cannot_be_reached(send, ana, page, world):
    expected: dict[str, Error] = {
        "blocked": (400, 551, 1545041),
        "blocked by 551 alone": (400, 551, None),
        "blocked by 200": (400, 200, 1545041),
        "blocked by 2": (500, 2, None),
        "cannot receive": (400, 10, 2018108),
    }
    for name, error in expected.items():
        ana.unreachable = name
        assert send("7001", {"text": "Hello"}) == error
    assert send("1", {"text": "Hello"}) == (400, 100, 2018001)
    assert send("1", {"text": "Hello"}, platform="instagram") == (400, 100, 2534014)
    assert send(None, {"text": "Hello"}, recipient={"comment_id": "1"}) == (400, 100, 2534025)
    assert texts(ana) == ["Hi!"]


def test_apps_and_pages_that_may_not_send(sandbox, send, ana, ig, page, world):
    page.send_refusal = "restricted"
    assert send("7001", {"text": "Hello"}) == (400, 10, 1893063)
    page.send_refusal = None
    sandbox.switches.standard_access = True
    assert send("7001", {"text": "Hello"}) == (400, 200, 2018028)
    sandbox.send.tester_refusal = "cannot receive"
    assert send("7001", {"text": "Hello"}) == (400, 10, 2018108)
    assert ana.customer
    ana.customer.has_role = True
    assert send("7001", {"text": "Hello"})["message_id"]
    sandbox.switches.standard_access = False
    world.tokens[page.token].granted -= {"pages_messaging", "instagram_manage_messages"}
    assert send("7001", {"text": "Hello"}) == (403, 230, None)
    assert send("8001", {"text": "Hello"}) == (403, 10, None)
    user = world.add_user(pages=[page])
    assert send("7001", {"text": "Hello"}, f"/{page.id}/messages", token=user.token) == (400, 190, None)
    assert send("7001", {"text": "Hello"}, token=user.token) == (400, 100, None)
    assert send("7001", {"text": "Hello"}, f"/{ana.id}/messages") == (400, 100, 33)


def test_thread_of_another_app_can_be_taken(sandbox, send, graph, ana, ig):
    for thread in (ana, ig):
        thread.owner_app_id, thread.is_standby = "1217981644879628", True
    assert send("7001", {"text": "Hello"}) == (400, 10, 2018300)
    assert send("8001", {"text": "Hello"}) == (400, 100, 2534037)
    sandbox.send.owner_code = 2018300
    assert send("7001", {"text": "Hello"}) == (400, 2018300, None)
    owner = graph("/me/thread_owner", recipient="7001")
    assert owner == {"data": [{"thread_owner": {"app_id": "1217981644879628"}}]}
    sandbox.send.take_control = "refused"
    assert send("7001", path="/me/take_thread_control") == (400, 2018171, None)
    sandbox.send.take_control = "allowed"
    assert send("7001", path="/me/request_thread_control") == {"success": True}
    assert send("7001", path="/me/release_thread_control") == (400, 2018300, None)
    assert send("7001", path="/me/take_thread_control", metadata="x") == {"success": True}
    assert send("7001", {"text": "Hello"})["message_id"]
    assert send("7001", path="/me/pass_thread_control", target_app_id="5") == {"success": True}
    assert (ana.owner_app_id, ana.is_standby) == ("5", True)
    assert send("7001", path="/me/pass_thread_control") == (400, 2018300, None)


def test_thread_is_owned_for_some_time_only(sandbox, send, graph, ana, world):
    send("7001", path="/me/take_thread_control")
    assert send("7001", path="/me/extend_thread_control") == (400, 100, None)
    assert send("7001", path="/me/extend_thread_control", duration=600) == {"success": True}
    world.clock.advance(600)
    assert graph("/me/thread_owner", recipient="7001") == {"data": []}


def test_send_api_shares_the_quota_of_the_day(sandbox, send, graph, ana):
    sandbox.limits.calls_per_day = 2
    assert send("7001", {"text": "1"})["message_id"]
    assert graph.get("/me/conversations").status_code == 200
    assert send("7001", {"text": "2"}) == (400, 80006, None)
    assert texts(ana) == ["Hi!", "1"]


def test_send_api_has_rates_of_its_own():
    limits = Limits(calls_per_second=1, sends_per_second=2, media_sends_per_second=1)

    def codes(now: float, **call: Any) -> tuple[int, int | None] | None:
        try:
            limits.arrive_to_send("900", call.get("platform", "messenger"), now, has_media="media" in call)
        except GraphFailure as failure:
            return failure.code, failure.subcode
        return None

    limits.arrive(("900", "messenger"), 0)
    assert [codes(0, media=True), codes(0.5, media=True), codes(0.9)] == [None, (613, None), (613, None)]
    assert codes(0.9, platform="instagram") == (613, 2534040)
    assert codes(2) is None


def test_refusals_are_played_by_name(sandbox, send, ana):
    sandbox.faults.add(send_faults.refused("bothersome"), path="/messages", platform="messenger")
    assert send("7001", {"text": "Hello"}) == (400, 613, 2018338)
    assert send("7001", {"text": "Hello"})["message_id"]


def test_other_methods_and_edges_are_refused(sandbox, graph, send, ana):
    assert graph.error("/me/messages") == (400, 100, 33)
    assert graph.error("/messages", ids="900000000000001", fields="id")[1] == 100
    assert graph.error("/thread_owner", ids="900000000000001") == (400, 100, 33)
    assert send("7001", path="/me/thread_owner") == (400, 100, 33)
    assert send("7001", path="/me/conversations") == (400, 100, 33)
