"""Harmful responses: too slow, too large, too deep, or with links to other hosts."""

import json
import logging
import threading

import pytest

from conversations.graph.decoding import decode
from conversations.graph.errors import GraphError, PayloadTooLargeError, TransientError
from conversations.graph.transport import MAX_TRIES
from conversations.sandbox import faults

TOKEN = "none-of-Facebooks-shapes-0123456789"


def connections(sandbox) -> int:
    return len(sandbox._server._open)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_slow_single_bytes_end_after_the_total_timeout(make_client, sandbox, where):
    sandbox.faults.add(faults.drip(0.05, where))
    client = make_client(connect_seconds=1, read_seconds=30, response_seconds=0.5)
    assert client.get("me")["id"]
    first, *others = [call.fault for call in sandbox.call_log]
    assert (first, set(others)) == (f"drip in {where}", {None})


def test_total_timeout_is_explained(make_client, sandbox):
    sandbox.faults.add(faults.drip(0.05), times=None)
    client = make_client(response_seconds=0.1)
    with pytest.raises(TransientError, match=r"not complete after 0\.1 seconds"):
        client.get("me")
    assert client.request_count == MAX_TRIES


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_body_that_is_too_large_is_refused_plain_or_compressed(make_client, sandbox, packed):
    sandbox.faults.add(faults.oversized(3_000_000, packed=packed), times=2)  # once for each client
    client = make_client(max_bytes=1_000_000)
    with pytest.raises(PayloadTooLargeError, match="larger than 1 MB"):
        client.get("me")
    assert make_client().get("me") == {}


def test_list_that_is_too_large_is_requested_in_a_smaller_size(make_client, world, shop, sandbox):
    for _ in range(60):
        world.add_conversation(shop, messages=26)
    client = make_client(max_bytes=400_000)
    batch = client.conversation_batch(shop.id)
    assert len(batch.conversations) < 60
    assert client.capabilities.size[0] == len(batch.conversations)


@pytest.mark.parametrize("fault", [faults.oversized(3_000_000), faults.drip(0.2)], ids=["big", "slow"])
def test_connection_of_an_incomplete_response_is_closed(make_client, sandbox, fault):
    client = make_client(max_bytes=1_000_000, response_seconds=0.3)
    client.get("me")
    assert connections(sandbox) == 1
    sandbox.faults.add(fault, times=None)
    with pytest.raises(GraphError):
        client.get("me")
    sandbox.faults.clear()
    pool = client._transport._http._session.get_adapter(sandbox.url).poolmanager.connection_from_url(
        sandbox.url
    )
    open_connections = [connection for connection in pool.pool.queue if connection and connection.sock]
    assert open_connections == []
    assert client.get("me")["id"]


def test_connection_of_a_complete_response_is_reused(client, sandbox):
    for _ in range(3):
        client.get("me")
    assert connections(sandbox) == 1


def test_variables_of_proxies_are_read_once_for_each_client(make_client, sandbox, monkeypatch):
    monkeypatch.setenv("no_proxy", "")
    early = make_client()
    assert early.get("me")["id"]
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # where nothing listens
    assert early.get("me")["id"]
    with pytest.raises(TransientError, match="cannot be reached"):
        make_client().get("me")


@pytest.mark.parametrize("levels", [2_000, 200_000])
def test_json_that_is_too_deep_is_an_invalid_response(client, sandbox, levels):
    sandbox.faults.add(faults.deep(levels), times=None)
    with pytest.raises(TransientError, match="invalid response"):
        client.get("me")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"nul", b'{"a": 1', b"[" * 10**6])
def test_invalid_json_decodes_to_none(content):
    assert decode(content) is None


def test_json_that_only_some_parsers_accept_is_decoded():
    assert decode(b'{"a": "\\ud83d", "b": NaN, "c": 12345678901234567890123}') == {
        "a": "\ud83d",
        "b": None,
        "c": 12345678901234567890123,
    }
    assert decode(b'{"id": ' + b"9" * 5000 + b"}") == {"id": "9" * 5000}


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Business-Use-Case-Usage": "[" * 20_000},
        {"X-App-Usage": "no JSON", "X-Page-Usage": '{"call_count": "many"}'},
        {"Content-Type": "application/octet-stream\x80"},
        {"Set-Cookie": "session=1; Domain=.example.com"},
    ],
    ids=["deep usage", "invalid usage", "invalid type", "cookie"],
)
def test_malformed_headers_do_not_fail_the_request(client, sandbox, headers):
    sandbox.faults.add(faults.headers(headers), times=None)
    assert client.get("me")["id"]
    assert client.get("me")["id"]
    assert not client._transport._http._session.cookies


@pytest.mark.parametrize("headers", [{f"X-{n}": "1" for n in range(200)}, {"X-Long": "x" * 70_000}])
def test_excessive_headers_are_an_invalid_response(client, sandbox, headers):
    sandbox.faults.add(faults.headers(headers))
    assert client.get("me")["id"]
    assert len(sandbox.call_log) == 2


def test_post_sends_its_form_in_the_body(make_client, sandbox, caplog):
    sandbox.faults.add(faults.text('[{"code": 200, "body": "{}"}, null]'))
    client = make_client(app_secret="of the app")
    with caplog.at_level(logging.DEBUG):
        assert client.post("", batch='[{"method": "GET"}]') == [{"code": 200, "body": "{}"}, None]
    (call,) = sandbox.call_log.calls
    assert (call.method, call.path, call.params, call.token_in) == ("POST", "/", {}, "header")
    assert client._transport._proof["appsecret_proof"] not in caplog.text


def test_post_is_retried_like_get(client, sandbox, pauses):
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
        ("http://[::1", "an invalid URL"),
    ],
)
def test_link_to_another_host_is_noted_once_by_its_host(make_client, inbox, shop, sandbox, notes, url, shown):
    client = make_client(on_note=notes.append)
    sandbox.switches.next_url = url
    assert len(list(client.conversations(shop.id))) == 2
    (note,) = notes
    assert shown in note
    assert "secret@" not in note
    assert "access_token" not in note


def test_link_of_a_nested_list_is_noted(make_client, world, shop, sandbox, notes):
    world.add_conversation(shop, messages=30)
    sandbox.switches.next_url = "https://evil.example"
    make_client(on_note=notes.append).conversation_batch(shop.id)
    assert len(notes) == 1


def test_links_to_the_same_host_are_not_noted(make_client, inbox, shop, notes):
    assert len(list(make_client(on_note=notes.append).conversations(shop.id))) == 2
    assert notes == []


def test_other_api_version_is_noted_once(make_client, sandbox, notes):
    client = make_client(on_note=notes.append)
    sandbox.faults.add(faults.headers({"facebook-api-version": "v21.0"}), times=None)
    client.get("me")
    client.get("me")
    assert notes == ["Facebook answered with version v21.0, not v26.0: check GRAPH_API_VERSION."]


def test_signature_is_in_no_log(make_client, sandbox, caplog):
    client = make_client(TOKEN, app_secret="of the app")
    with caplog.at_level(logging.DEBUG), pytest.raises(GraphError):
        client.get("me")
    assert "/v26.0/me" in caplog.text
    assert client._transport._proof["appsecret_proof"] not in caplog.text
    assert TOKEN not in caplog.text


# -- threads -----------------------------------------------------------------------------------------------
def test_many_threads_can_share_a_client(make_client, world, shop, sandbox):
    threads = [world.add_conversation(shop, messages=60) for _ in range(12)]
    sandbox.faults.storm(0.1, seed=5)
    client = make_client(retry_seconds=0)
    ids_read: dict[str, list[str]] = {}

    def read(thread) -> None:
        batches = client.messages(thread.id)
        ids_read[thread.id] = [message.id for batch in batches for message in batch.messages]

    workers = [threading.Thread(target=read, args=(thread,)) for thread in threads]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert ids_read == {t.id: [m.id for m in t.history.newest(0, 60)] for t in threads}
    assert client.request_count == len(sandbox.call_log)
    assert json.dumps(client.capabilities.to_stored())
