"""Answers that mean harm: too slow, too big, too deep, elsewhere."""

import json
import logging
import threading

import pytest

from conversations.graph.answers import parsed
from conversations.graph.caller import TRIES
from conversations.graph.errors import GraphError, TooMuchDataError, TransientError
from conversations.sandbox import faults

TOKEN = "none-of-Facebooks-shapes-0123456789"


def connections(sandbox) -> int:
    return len(sandbox._server._open)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_server_that_drips_is_left_after_the_time_for_a_whole_answer(make_client, sandbox, where):
    sandbox.faults.add(faults.drip(0.05, where))
    client = make_client(timeout_seconds=(1, 30), answer_seconds=0.5)
    assert client.get("me")["id"]
    first, *others = [call.fault for call in sandbox.ledger]
    assert (first, set(others)) == (f"drip in {where}", {None})


def test_time_that_runs_out_is_told_in_words(make_client, sandbox):
    sandbox.faults.add(faults.drip(0.05), times=None)
    client = make_client(answer_seconds=0.1)
    with pytest.raises(TransientError, match=r"not complete after 0\.1 seconds"):
        client.get("me")
    assert client.requests == TRIES


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_body_that_is_too_big_is_refused_however_it_travels(make_client, sandbox, packed):
    sandbox.faults.add(faults.oversized(3_000_000, packed=packed), times=2)  # once for each client
    client = make_client(largest_answer=1_000_000)
    with pytest.raises(TooMuchDataError, match="larger than 1 MB"):
        client.get("me")
    assert make_client().get("me") == {}


def test_list_that_is_too_big_is_asked_for_in_a_smaller_size(make_client, world, shop, sandbox):
    for _ in range(60):
        world.add_conversation(shop, messages=26)
    client = make_client(largest_answer=400_000)
    batch = client.conversation_batch(shop.id)
    assert len(batch.conversations) < 60
    assert client.learnt["size"][0] == len(batch.conversations)


@pytest.mark.parametrize("fault", [faults.oversized(3_000_000), faults.drip(0.2)], ids=["big", "slow"])
def test_connection_of_an_abandoned_answer_is_dropped(make_client, sandbox, fault):
    client = make_client(largest_answer=1_000_000, answer_seconds=0.3)
    client.get("me")
    assert connections(sandbox) == 1
    sandbox.faults.add(fault, times=None)
    with pytest.raises(GraphError):
        client.get("me")
    sandbox.faults.clear()
    pool = client._http._session.get_adapter(sandbox.url).poolmanager.connection_from_url(sandbox.url)
    kept = [connection for connection in pool.pool.queue if connection and connection.sock]
    assert kept == []
    assert client.get("me")["id"]


def test_connection_of_a_whole_answer_is_kept(client, sandbox):
    for _ in range(3):
        client.get("me")
    assert connections(sandbox) == 1


@pytest.mark.parametrize("levels", [2_000, 200_000])
def test_json_that_is_too_deep_is_no_answer(client, sandbox, levels):
    sandbox.faults.add(faults.deep(levels), times=None)
    with pytest.raises(TransientError, match="makes no sense"):
        client.get("me")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"nul", b'{"a": 1', b"[" * 10**6])
def test_what_is_no_json_is_none(content):
    assert parsed(content) is None


def test_what_only_some_parsers_accept_is_read():
    assert parsed(b'{"a": "\\ud83d", "b": NaN, "c": 12345678901234567890123}') == {
        "a": "\ud83d",
        "b": None,
        "c": 12345678901234567890123,
    }
    assert parsed(b'{"id": ' + b"9" * 5000 + b"}") == {"id": "9" * 5000}


@pytest.mark.parametrize(
    "given",
    [
        {"X-Business-Use-Case-Usage": "[" * 20_000},
        {"X-App-Usage": "no JSON", "X-Page-Usage": '{"call_count": "many"}'},
        {"Content-Type": "application/octet-stream\x80"},
        {"Set-Cookie": "session=1; Domain=.example.com"},
    ],
    ids=["deep usage", "odd usage", "odd type", "cookie"],
)
def test_odd_headers_cost_nobody_the_answer(client, sandbox, given):
    sandbox.faults.add(faults.headers(given), times=None)
    assert client.get("me")["id"]
    assert client.get("me")["id"]
    assert not client._http._session.cookies


@pytest.mark.parametrize("given", [{f"X-{n}": "1" for n in range(200)}, {"X-Long": "x" * 70_000}])
def test_headers_without_measure_are_no_answer(client, sandbox, given):
    sandbox.faults.add(faults.headers(given))
    assert client.get("me")["id"]
    assert len(sandbox.ledger) == 2


def test_post_carries_its_form_in_the_body(make_client, sandbox, caplog):
    sandbox.faults.add(faults.text('[{"code": 200, "body": "{}"}, null]'))
    client = make_client(app_secret="of the app")
    with caplog.at_level(logging.DEBUG):
        assert client.post("", batch='[{"method": "GET"}]') == [{"code": 200, "body": "{}"}, None]
    (call,) = sandbox.ledger.calls
    assert (call.method, call.path, call.params, call.token_in) == ("POST", "/", {}, "header")
    assert client._caller._proof["appsecret_proof"] not in caplog.text


def test_post_is_as_patient_as_get(client, sandbox, pauses):
    sandbox.faults.add(faults.unavailable(), times=1)
    sandbox.faults.add(faults.graph_error(613), times=1)
    sandbox.faults.add(faults.text("[]"))
    assert client.post("me", batch="[]") == []
    assert pauses[1] == 2


# -- notes -------------------------------------------------------------------------------------------------
@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def inbox(world, shop):
    for _ in range(101):
        world.add_conversation(shop, messages=30)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://evil.example", "https://evil.example"),
        ("https://user:secret@evil.example:1", "https://evil.example"),
        ("https://EAAsecretsecretsecretsecret.example", "https://eaasecret"),
        ("http://[::1", "no address at all"),
    ],
)
def test_link_to_elsewhere_is_noted_once_by_its_host(make_client, inbox, shop, sandbox, notes, url, shown):
    client = make_client(on_note=notes.append)
    sandbox.switches.next_url = url
    assert len(list(client.conversations(shop.id))) == 2
    (note,) = notes
    assert shown in note
    assert "secret@" not in note
    assert "access_token" not in note


def test_link_of_a_nested_list_is_noted_too(make_client, world, shop, sandbox, notes):
    world.add_conversation(shop, messages=30)
    sandbox.switches.next_url = "https://evil.example"
    make_client(on_note=notes.append).conversation_batch(shop.id)
    assert len(notes) == 1


def test_own_links_are_not_worth_a_note(make_client, inbox, shop, notes):
    assert len(list(make_client(on_note=notes.append).conversations(shop.id))) == 2
    assert notes == []


def test_other_version_than_ours_is_noted_once(make_client, sandbox, notes):
    client = make_client(on_note=notes.append)
    sandbox.faults.add(faults.headers({"facebook-api-version": "v21.0"}), times=None)
    client.get("me")
    client.get("me")
    assert notes == ["Facebook answered as version v21.0, not v26.0: check GRAPH_API_VERSION."]


def test_signature_is_in_no_log(make_client, sandbox, caplog):
    client = make_client(TOKEN, app_secret="of the app")
    with caplog.at_level(logging.DEBUG), pytest.raises(GraphError):
        client.get("me")
    assert "/v26.0/me" in caplog.text
    assert client._caller._proof["appsecret_proof"] not in caplog.text
    assert TOKEN not in caplog.text


# -- threads -----------------------------------------------------------------------------------------------
def test_many_threads_share_a_client(make_client, world, shop, sandbox):
    threads = [world.add_conversation(shop, messages=60) for _ in range(12)]
    sandbox.faults.storm(0.1, seed=5)
    client = make_client(retry_seconds=0)
    found: dict[str, list[str]] = {}

    def read(thread) -> None:
        batches = client.messages(thread.id)
        found[thread.id] = [message.id for batch in batches for message in batch.messages]

    workers = [threading.Thread(target=read, args=(thread,)) for thread in threads]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert found == {t.id: [m.id for m in t.history.newest(0, 60)] for t in threads}
    assert client.requests == len(sandbox.ledger)
    assert json.dumps(client.learnt)
