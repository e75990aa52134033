"""How the client follows lists, and what its requests contain."""

import json
import re
import time

import pytest
from requests.structures import CaseInsensitiveDict

from conversations.graph.client import GraphClient
from conversations.graph.errors import (
    ActionRequiredError,
    EndlessListError,
    GraphError,
    NotFoundError,
    TransientError,
)
from conversations.graph.http import TokenAuth
from conversations.graph.options import GraphOptions
from conversations.graph.readers.list_progress import MAX_ANSWERS_WITHOUT_NEW
from conversations.sandbox import ABSENT, faults
from tests.conversations.graph.conftest import CallbackHooks


def ids(batches) -> list[str]:
    return [record.id for batch in batches for record in batch.conversations]


def listed_ids(shop) -> list[str]:
    """Return the IDs that Facebook lists, newest first."""
    return [entry[2].id for entry in reversed(shop.listing("messenger").entries)]


@pytest.fixture
def inbox(world, shop):
    """250 threads, a minute apart: three batches."""
    now = world.clock.now()
    return [world.add_conversation(shop, updated_time=now - 60 * n) for n in range(250)]


def response(*threads: str, **paging) -> faults.Fault:
    """Return a fault that plays this response once."""
    data = [{"id": thread, "messages": {"data": []}} for thread in threads]
    return faults.text(json.dumps({"data": data, "paging": paging}))


def test_batches_are_requested_lazily(client, inbox, shop, sandbox):
    batches = client.conversations(shop.id)
    assert len(sandbox.call_log) == 0
    next(batches)
    assert len(sandbox.call_log) == client.request_count == 1
    next(batches)
    assert len(sandbox.call_log) == client.request_count == 2


def test_whole_list_is_read_in_order_without_an_extra_call(client, inbox, shop, sandbox):
    assert ids(client.conversations(shop.id)) == listed_ids(shop)
    assert len(sandbox.call_log) == 3


def test_call_requests_100_conversations_with_25_messages_each_and_one_more(client, inbox, shop, sandbox):
    next(client.conversations(shop.id))
    (call,) = sandbox.call_log.calls
    assert (call.method, call.path, call.version) == ("GET", f"/{shop.id}/conversations", "v26.0")
    assert (call.params["limit"], call.params["platform"]) == ("100", "messenger")
    nested = re.search(r"messages\.limit\(26\)\{(.+)\}$", call.params["fields"])
    assert nested
    assert {"id", "created_time", "from", "to", "message", "attachments{id"} <= set(nested[1].split(","))
    assert "after" not in call.params


def test_next_call_is_built_from_the_cursor(client, inbox, shop, sandbox):
    first, second, _ = client.conversations(shop.id)
    calls = sandbox.call_log.calls
    assert [call.params.get("after") for call in calls] == [None, first.after, second.after]
    assert {call.params["fields"] for call in calls} == {calls[0].params["fields"]}
    assert {call.path for call in calls} == {f"/{shop.id}/conversations"}


def test_list_starts_at_a_given_cursor(client, inbox, shop):
    first = next(client.conversations(shop.id))
    assert ids(client.conversations(shop.id, after=first.after)) == listed_ids(shop)[100:]


def test_short_and_empty_batches_are_not_the_end(client, inbox, shop, sandbox):
    sandbox.switches.short_pages, sandbox.switches.empty_pages = 2, 3
    batches = list(client.conversations(shop.id))
    assert 0 in [len(batch.conversations) for batch in batches]
    assert ids(batches) == listed_ids(shop)


def test_hidden_threads_make_short_batches_but_no_end(client, inbox, shop):
    for thread in inbox[:120]:
        thread.hidden = True
    batches = list(client.conversations(shop.id))
    assert [len(batch.conversations) for batch in batches] == [0, 80, 50]


def test_page_without_conversations_is_one_empty_batch(client, shop, sandbox):
    (batch,) = client.conversations(shop.id)
    assert (batch.conversations, batch.after, len(sandbox.call_log)) == ([], None, 1)


@pytest.mark.parametrize("host", ["https://evil.example", "http://127.0.0.1:1", "http://[::1"])
def test_link_to_another_host_is_never_followed(client, inbox, shop, sandbox, host):
    sandbox.switches.next_url = host
    assert ids(client.conversations(shop.id)) == listed_ids(shop)


def test_cursor_is_taken_from_the_link_if_it_is_only_there(client, inbox, shop, sandbox):
    sandbox.switches.omit_cursors, sandbox.switches.next_url = True, "https://evil.example"
    assert ids(client.conversations(shop.id)) == listed_ids(shop)


def test_next_without_a_cursor_is_an_error_and_not_the_end(client, shop, sandbox):
    sandbox.faults.add(response("t_1", next="https://graph.facebook.com/v26.0/1/conversations?limit=100"))
    with pytest.raises(GraphError, match="no cursor"):
        list(client.conversations(shop.id))


def test_endless_list_is_an_error(client, shop, sandbox):
    sandbox.faults.add(response("t_1", next="https://x/", cursors={"after": "A"}), times=None)
    with pytest.raises(EndlessListError, match="never ends"):
        list(client.conversations(shop.id))
    assert len(sandbox.call_log) == 1 + MAX_ANSWERS_WITHOUT_NEW


def test_repeated_cursor_with_new_data_is_no_end(client, shop, sandbox):
    for number in range(30):
        sandbox.faults.add(response(f"t_{number}", next="https://x/", cursors={"after": "A"}))
    sandbox.faults.add(response("t_30"))
    assert ids(client.conversations(shop.id, after="A")) == [f"t_{number}" for number in range(31)]


def test_messages_are_read_by_the_parameters_of_their_links(client, world, sandbox, shop):
    sandbox.switches.message_paging = "time"
    thread = world.add_conversation(shop, messages=230)
    assert [len(batch.messages) for batch in client.messages(thread.id)] == [100, 100, 30]
    assert all("until" in call.params for call in sandbox.call_log.calls[1:])


def test_items_without_an_id_are_counted_and_affect_only_themselves(client, world, shop):
    world.add_conversation(shop, raw=None)
    world.add_conversation(shop, raw={"id": ABSENT})
    world.add_conversation(shop)
    (batch,) = client.conversations(shop.id)
    assert (len(batch.conversations), batch.without_id) == (1, 2)


def test_messages_are_read_to_the_oldest(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=230)
    batches = list(client.messages(thread.id))
    message_ids = [message.id for batch in batches for message in batch.messages]
    assert message_ids == [message.id for message in thread.history.newest(0, 230)]
    assert [call.params["limit"] for call in sandbox.call_log] == ["100"] * 3


def test_nested_messages_lead_to_the_older_ones(client, world, shop):
    thread = world.add_conversation(shop, messages=40)
    ((record,),) = (batch.conversations for batch in client.conversations(shop.id))
    older = [
        message.id
        for batch in client.messages(thread.id, after=record.messages.after)
        for message in batch.messages
    ]
    nested = [message.id for message in record.messages.messages]
    assert nested + older == [message.id for message in thread.history.newest(0, 40)]


def test_one_conversation_comes_with_its_newest_messages(client, world, shop):
    thread = world.add_conversation(shop, messages=30)
    record = client.conversation(thread.id)
    assert (record.id, len(record.messages.messages)) == (thread.id, 26)


def test_missing_conversation_raises_not_found(client):
    with pytest.raises(NotFoundError):
        client.conversation("t_404")


@pytest.mark.parametrize("graph_id", ["a/b", "..%2f..", "t?access_token=x", "t#x", "\ud83d", "ä b", "\x00"])
def test_unusual_id_stays_one_segment_of_the_path(client, sandbox, graph_id):
    with pytest.raises(GraphError):
        list(client.messages(graph_id))
    call = sandbox.call_log.calls[-1]
    assert call.path == f"/{graph_id.replace(chr(0xD83D), '?')}/messages"
    assert set(call.params) == {"limit", "fields"}


def test_base_url_and_version_are_used(make_client, world, shop, sandbox):
    list(make_client(version="v31.7").conversations(shop.id))
    assert sandbox.call_log.calls[0].version == "v31.7"


def test_app_secret_adds_the_proof_to_every_call(make_client, inbox, shop, sandbox):
    sandbox.switches.app_secret, sandbox.switches.require_proof = "of the app", True
    client = make_client(app_secret="of the app")
    assert len(ids(client.conversations(shop.id))) == 250
    assert all(call.has_proof for call in sandbox.call_log)


def test_wrong_app_secret_is_explained(make_client, shop, sandbox):
    sandbox.switches.app_secret = "of the app"
    with pytest.raises(ActionRequiredError, match="FACEBOOK_APP_SECRET"):
        list(make_client(app_secret="another").conversations(shop.id))


def test_without_an_app_secret_no_proof_is_sent(client, shop, sandbox):
    list(client.conversations(shop.id))
    assert not sandbox.call_log.calls[0].has_proof


@pytest.mark.parametrize("location", ["https://evil.example/", "/elsewhere", "http://[::1", "", "é\x7f"])
def test_redirect_is_not_followed(client, shop, sandbox, location):
    sandbox.faults.add(faults.redirect(location.encode().decode("latin-1")), times=None)
    with pytest.raises(TransientError):
        client.get("me")
    assert {call.path for call in sandbox.call_log} == {"/me"}


@pytest.mark.parametrize("token", ["with\nline", "mit-ümlaut", "\ud83d", "zero\u200bwidth", "with\x00"])
def test_token_with_invalid_characters_is_refused_before_any_call(make_client, sandbox, token):
    with pytest.raises(ActionRequiredError) as caught:
        make_client(token).get("me")
    assert token not in str(caught.value)
    assert len(sandbox.call_log) == 0


def test_token_of_a_netrc_file_does_not_replace_ours(monkeypatch, tmp_path, client, sandbox):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    assert client.get("me", fields="id")["id"]
    assert sandbox.call_log.calls[0].token_in == "header"


def test_token_is_sent_in_the_header():
    class Request:
        headers: CaseInsensitiveDict = CaseInsensitiveDict()

    assert TokenAuth("abc")(Request()).headers["Authorization"] == "Bearer abc"


def test_calls_keep_to_the_limit(sandbox, shop):
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.sleep(seconds)

    hooks = CallbackHooks(sleep=sleep)
    client = GraphClient(shop.token, GraphOptions(url=sandbox.url, calls_per_second=5), hooks)
    began = time.monotonic()
    for _ in range(3):
        client.get("me")
    client.close()
    assert slept
    # Not measured between two arrivals: a busy machine may delay the first and not the second.
    arrivals = [call.started - began for call in sandbox.call_log.calls]
    assert len(arrivals) == 3
    assert all(seconds >= number / 5 for number, seconds in enumerate(arrivals))
