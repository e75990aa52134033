"""What is known of a message after each answer, and after none: whether it may be sent again."""

import json
import socket
import threading
from typing import Any

import pytest

from conversations.graph.errors import GraphError, RateLimitError
from conversations.graph.options import GraphOptions, HttpLimits
from conversations.graph.send.message_sender import Draft, File, MessageSender, body_of
from conversations.graph.send.outcomes import Outcome, outcome_of, outcome_of_upload
from conversations.sandbox import faults
from conversations.sandbox.script import ScriptedAnswer

DRAFT = Draft("7000000000000001", "inbox:1", text="Hello")
ANSWER = {"recipient_id": "7000000000000001", "message_id": "m_1"}


@pytest.fixture
def make_sender(sandbox, shop):
    def make(url: str = sandbox.url, *, secret: str = "", **limits: float) -> MessageSender:
        values: Any = {"connect_seconds": 2, "read_seconds": 1, "response_seconds": 1} | limits
        options = GraphOptions(url=url, app_secret=secret, limits=HttpLimits(**values))
        return MessageSender(shop.token, options)

    return make


def error_of(sender: MessageSender, shop) -> GraphError:
    with pytest.raises(GraphError) as caught:
        sender.send(shop.id, DRAFT)
    return caught.value


def test_answer_names_the_message(make_sender, sandbox, shop):
    sandbox.script.add("POST /*/messages", ANSWER)
    assert make_sender().send(shop.id, DRAFT) == "m_1"


def test_file_is_uploaded_before_its_message(make_sender, sandbox, shop):
    sandbox.script.add("POST /*/message_attachments", {"attachment_id": "77"})
    assert make_sender().upload(shop.id, File("image", "a.png", "image/png", b"\x89PNG")) == "77"


@pytest.mark.parametrize(
    ("draft", "body"),
    [
        (DRAFT, {"messaging_type": "RESPONSE", "message": {"metadata": "inbox:1", "text": "Hello"}}),
        (
            DRAFT._replace(is_late=True, reply_to="m_0"),
            {
                "messaging_type": "MESSAGE_TAG",
                "tag": "HUMAN_AGENT",
                "reply_to": {"mid": "m_0"},
                "message": {"metadata": "inbox:1", "text": "Hello"},
            },
        ),
        (
            DRAFT._replace(text="", kind="image", attachment_id="77"),
            {
                "messaging_type": "RESPONSE",
                "message": {
                    "metadata": "inbox:1",
                    "attachment": {"type": "image", "payload": {"attachment_id": "77"}},
                },
            },
        ),
    ],
)
def test_body(draft, body):
    assert body_of(draft) == {"recipient": {"id": "7000000000000001"}} | body


def error(code: int, subcode: int = 0, message: str = "No", status: int = 400) -> ScriptedAnswer:
    return ScriptedAnswer(
        {"error": {"code": code, "error_subcode": subcode, "message": message}}, status=status
    )


@pytest.mark.parametrize(
    ("answer", "outcome", "words"),
    [
        (error(10, 2018278), Outcome.FAILED, "24 hours"),
        (error(551), Outcome.FAILED, "cannot be reached"),
        (error(2018108), Outcome.FAILED, "testers"),
        (error(2018300), Outcome.FAILED, "Another application"),
        (error(36000), Outcome.FAILED, "file"),
        (error(368), Outcome.FAILED, "blocked the app or the Page"),
        (error(190), Outcome.FAILED, "Connect the Page again"),
        (error(10), Outcome.FAILED, "permission is missing"),
        (error(100), Outcome.FAILED, ""),
        (error(10, 2018278, status=200), Outcome.FAILED, "24 hours"),  # an error whatever the status says
        (error(613), Outcome.RETRY, ""),
        (ScriptedAnswer("Slow down", status=429), Outcome.RETRY, ""),
        (error(1, 1357046), Outcome.UNCERTAIN, ""),  # "invalid JSON reply": it was sent
        (error(2), Outcome.UNCERTAIN, ""),
        (error(506), Outcome.UNCERTAIN, ""),
        (error(987654), Outcome.UNCERTAIN, ""),  # nobody knows this code
        (ScriptedAnswer("Bad gateway", status=502), Outcome.UNCERTAIN, ""),
        (ScriptedAnswer({"recipient_id": "7"}), Outcome.UNCERTAIN, ""),
        (ScriptedAnswer("<html>", status=200), Outcome.UNCERTAIN, ""),
    ],
)
def test_what_an_answer_says(make_sender, sandbox, shop, answer, outcome, words):
    sandbox.script.add("POST /*/messages", answer)
    found = error_of(make_sender(), shop)
    assert outcome_of(found) == outcome
    assert words in found.advice
    assert outcome_of_upload(found) in (outcome, Outcome.RETRY)
    assert shop.token not in str(found)


def test_throttle_says_how_long(make_sender, sandbox, shop):
    usage = {shop.id: [{"type": "messenger", "call_count": 100, "estimated_time_to_regain_access": 3}]}
    sandbox.script.add(
        "POST /*/messages",
        ScriptedAnswer(
            {"error": {"code": 80006, "message": "Too many"}},
            400,
            {"X-Business-Use-Case-Usage": json.dumps(usage)},
        ),
    )
    found = error_of(make_sender(), shop)
    assert isinstance(found, RateLimitError)
    assert found.wait_seconds == 180


# -- no answer ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", [faults.reset(), faults.hang(5), faults.cut_off()], ids=str)
def test_message_that_has_left_is_uncertain(make_sender, sandbox, shop, fault):
    sandbox.faults.add(fault)
    assert outcome_of(error_of(make_sender(), shop)) == Outcome.UNCERTAIN


def test_name_that_nobody_knows(make_sender, shop):
    assert outcome_of(error_of(make_sender("http://nobody.invalid"), shop)) == Outcome.RETRY


def test_port_where_nobody_listens(make_sender, shop):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert outcome_of(error_of(make_sender(url), shop)) == Outcome.RETRY


def test_no_tls(make_sender, sandbox, shop):
    """The other side accepts the connection, but is not who it should be: nothing was sent to it."""
    url = sandbox.url.replace("http:", "https:")
    assert outcome_of(error_of(make_sender(url), shop)) == Outcome.RETRY
    assert not sandbox.call_log


def test_connection_is_closed_at_once(make_sender, shop):
    """The request may be on its way by then."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert outcome_of(error_of(make_sender(url), shop)) == Outcome.UNCERTAIN
