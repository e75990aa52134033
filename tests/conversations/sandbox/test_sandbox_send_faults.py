"""What can go wrong with a message that is sent: whether it is in the thread, and what the caller learns."""

import json
import ssl
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conversations.sandbox import Person, SandboxServer, Thread, faults
from conversations.sandbox.send_api import send_faults
from conversations.sandbox.webhooks.field_names import PAGE_FIELDS

BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


@pytest.fixture
def ana(world, page) -> Thread:
    return world.add_conversation(page, Person("7001", "Ana Test"), 1)


@pytest.fixture
def send(sandbox, page):
    def post(timeout: float = 60) -> requests.Response:
        body = {"recipient": {"id": "7001"}, "message": {"text": "Hello", "metadata": "outbox:1"}}
        return requests.post(
            f"{sandbox.url}/me/messages", json=body, params={"access_token": page.token}, timeout=timeout
        )

    return post


@pytest.mark.parametrize("how", [None, faults.cut_off(), faults.hang(0.01)])
def test_answer_is_lost_after_the_message_was_sent(sandbox, send, ana, how):
    sandbox.faults.add(send_faults.answer_lost(how), path="/messages")
    with pytest.raises(BROKEN):
        send()
    assert len(ana.history) == 2


@pytest.mark.parametrize(
    "how", [None, faults.hang(0.01), faults.html(502), faults.graph_error(2, status=500)]
)
def test_message_is_not_sent(sandbox, send, ana, how):
    sandbox.faults.add(send_faults.not_sent(how), path="/messages")
    try:
        assert send().status_code >= 500
    except BROKEN:
        assert how is None or how.kind == "hang"
    assert len(ana.history) == 1
    assert send().status_code == 200


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (send_faults.error_although_sent(), 500),
        (send_faults.error_although_sent(2, None, 503), 503),
        (send_faults.error_although_sent(1, 99, 200), 200),
        (send_faults.sent_nevertheless(faults.html(504)), 504),
        (send_faults.sent_nevertheless(faults.text("Service Unavailable")), 200),
    ],
)
def test_error_although_the_message_was_sent(sandbox, send, ana, fault, status):
    sandbox.faults.add(fault, path="/messages")
    answer = send()
    assert answer.status_code == status
    assert "message_id" not in answer.text
    assert len(ana.history) == 2


def test_documented_error_of_a_message_that_was_sent(sandbox, send, ana):
    sandbox.faults.add(send_faults.error_although_sent(), path="/messages")
    error = send().json()["error"]
    assert (error["code"], error["error_subcode"]) == (1, 1357046)
    assert sandbox.call_log.calls[-1].code == 1


def test_refusal_is_not_hidden_by_an_error_of_a_message_that_was_sent(sandbox, send, ana, world):
    world.clock.advance(86400)
    sandbox.faults.add(send_faults.error_although_sent(), path="/messages")
    assert send().json()["error"]["error_subcode"] == 2018278


def test_echo_follows_also_where_the_answer_is_lost(sandbox: SandboxServer, send, ana, page):
    bodies: list[bytes] = []

    def post(address: str, body: bytes, headers: dict[str, str], timeout: float) -> int:
        bodies.append(body)
        return 200

    sandbox.webhooks.post = post
    sandbox.webhooks.subscribe_app("https://inbox.example/webhooks/facebook")
    page.subscribed_fields = PAGE_FIELDS
    sandbox.webhooks.start()
    for fault in (faults.reset(), faults.hang(0.01), send_faults.error_although_sent()):
        sandbox.faults.add(fault, path="/messages")
        try:
            send()
        except BROKEN:
            assert fault.kind in ("reset", "hang")
    while len(bodies) < 3:
        pass
    items = [json.loads(body)["entry"][0]["messaging"][0] for body in bodies]
    assert [item["message"]["metadata"] for item in items] == ["outbox:1"] * 3


def test_message_is_sent_late(sandbox, send, ana, world):
    sandbox.faults.add(send_faults.sent_late(40, faults.html(504)), path="/messages")
    assert send().status_code == 504
    world.clock.advance(39)
    sandbox.webhooks.send_due()
    assert len(ana.history) == 1
    world.clock.advance(1)
    sandbox.webhooks.send_due()
    assert len(ana.history) == 2


def test_message_that_is_late_has_the_id_of_the_answer(sandbox, send, ana, world, graph):
    sandbox.faults.add(send_faults.sent_late(40), path="/messages")
    id = send().json()["message_id"]
    assert graph.get(f"/{id}").status_code == 400
    world.clock.advance(40)
    assert graph(f"/{id}")["id"] == id  # any call lets happen what is due


def test_one_call_can_make_two_messages(sandbox, send, ana):
    sandbox.faults.add(send_faults.sent_twice(), path="/messages")
    id = send().json()["message_id"]
    second, first = ana.history.newest(0, 2)
    assert (second.id, second.message, first.message) == (id, "Hello", "Hello")
    assert first.id != id


def test_answer_without_message_id(sandbox, send, ana):
    sandbox.faults.add(send_faults.without_message_id(), path="/messages")
    assert send().json() == {"recipient_id": "7001"}
    assert len(ana.history) == 2


def test_in_a_storm_each_fault_says_whether_the_message_is_sent(sandbox, send, ana, page):
    is_sent = {None: True} | {fault.name: fault.does_act for fault in send_faults.STORM}
    assert len(is_sent) == 1 + len(send_faults.STORM)
    sandbox.faults.storm(0.8, seed=5, faults=send_faults.STORM, path="/messages")
    played = set()
    for _ in range(40):
        before = len(ana.history)
        with suppress(*BROKEN):
            send()
        fault = sandbox.call_log.calls[-1].fault
        assert len(ana.history) - before == is_sent[fault]
        played.add(fault)
    assert len(played) > 8
    params = {"access_token": page.token}
    assert requests.get(f"{sandbox.url}/me", params=params, timeout=60).status_code == 200


def test_slow_answer_is_of_a_message_that_was_sent(sandbox, send, ana):
    sandbox.faults.add(faults.slow(30), path="/messages")
    with pytest.raises(requests.ReadTimeout):
        send(timeout=0.2)
    assert len(ana.history) == 2


def test_connections_are_cut_before_anything_is_read(sandbox, send, ana):
    sandbox.faults.cut(2)
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            send()
    assert len(ana.history) == 1
    assert len(sandbox.call_log) == 0
    assert send().status_code == 200


def test_failures_before_the_call_has_left(sandbox, send, ana, page):
    url = sandbox.url.replace("http:", "https:")
    with pytest.raises(requests.exceptions.SSLError):  # no TLS is spoken there
        requests.post(f"{url}/me/messages", timeout=60)
    sandbox.stop()
    with pytest.raises(requests.ConnectionError, match="refused"):
        send()
    sandbox.start()
    assert len(ana.history) == 1
    assert send().status_code == 200


def test_certificate_that_nobody_trusts(world, page, ana, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*own_certificate(tmp_path))
    with SandboxServer(world, tls=context) as sandbox:
        assert sandbox.url.startswith("https:")
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            requests.post(f"{sandbox.url}/me/messages", timeout=60)
        params = {"access_token": page.token}
        answer = requests.get(
            f"{sandbox.url}/me", params=params, verify=str(tmp_path / "certificate"), timeout=60
        )
        assert answer.json()["id"] == page.id


def test_faults_are_added_by_another_process(sandbox, send, ana):
    def control(route: str, **values: object) -> requests.Response:
        return requests.post(f"{sandbox.url}/_sandbox/{route}", json=values, timeout=60)

    control("fault", fault="html", status=504, path="/messages", acts=True).raise_for_status()
    assert send().status_code == 504
    control("fault", fault="refused", name="blocked", path="/messages")
    assert send().json()["error"]["code"] == 551
    control("fault", fault="answer_lost", path="/messages")
    with pytest.raises(BROKEN):
        send()
    assert len(ana.history) == 3
    control("set", send={"echo": "never", "also_opened_by": [], "max_text": 3}).raise_for_status()
    assert (sandbox.send.echo, sandbox.send.also_opened_by) == ("never", set())
    assert send().json()["error"]["code"] == 100
    assert requests.get(f"{sandbox.url}/_sandbox/state", timeout=60).json()["send"]["echo"] == "never"
    control("set", send={"max_text": 2000})
    control("thread", thread=ana.id, unreachable="blocked by 2").raise_for_status()
    assert send().json()["error"]["code"] == 2
    assert control("thread", thread=ana.id, unreachable="asleep").status_code == 400
    control("thread", customer="Ana Test", unreachable=None, owner_app_id="5")
    assert send().json()["error"]["error_subcode"] == 2018300
    control("thread", thread=ana.id, owner_app_id=None)
    control("page", send_refusal="policy").raise_for_status()
    assert send().json()["error"]["code"] == 368
    assert control("page", send_refusal="asleep").status_code == 400
    control("page", send_refusal=None)
    control("cut", connections=1)
    with pytest.raises(requests.ConnectionError):
        send()
    assert send().status_code == 200


def own_certificate(folder) -> tuple[str, str]:
    """Make a certificate for 127.0.0.1 that only this test knows. Return its files: certificate and key."""
    now = datetime.now(UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    files = folder / "certificate", folder / "key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return str(files[0]), str(files[1])
