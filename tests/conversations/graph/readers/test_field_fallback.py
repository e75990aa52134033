"""Fields and parameters that Facebook refuses, and what is remembered."""

import pytest

from conversations.graph.capabilities import Capabilities
from conversations.graph.errors import GraphError, InvalidRequestError
from conversations.sandbox import faults


@pytest.fixture
def thread(world, shop):
    return world.add_conversation(shop, messages=3)


def fields_of(sandbox) -> list[str]:
    return [call.params["fields"] for call in sandbox.call_log]


def test_refused_field_is_remembered_by_its_name(make_client, thread, shop, sandbox):
    sandbox.switches.refused_fields = {"UnifiedThread.snippet"}
    client = make_client()
    client.conversation_batch(shop.id)
    assert client.capabilities == Capabilities(refused_fields=["snippet"])
    next_client = make_client(capabilities=Capabilities.from_stored(client.capabilities.to_stored()))
    sandbox.call_log.clear()
    next_client.conversation_batch(shop.id)
    assert ["snippet" in fields for fields in fields_of(sandbox)] == [False]


@pytest.mark.parametrize(
    "refused",
    [{"folder": "spam"}, {"updated_after_ms": 1}, {"updated_before_ms": 1}],
    ids=["folder", "updated_after_ms", "updated_before_ms"],
)
def test_refused_parameter_is_raised_and_removes_no_field(client, thread, shop, sandbox, refused):
    sandbox.switches.folders, sandbox.switches.updated_ms = {"inbox"}, "refused"
    with pytest.raises(InvalidRequestError):
        client.conversation_batch(shop.id, **refused)
    assert len(sandbox.call_log) == 1
    assert client.capabilities.refused_fields == []
    client.conversation_batch(shop.id)
    assert "snippet" in fields_of(sandbox)[-1]


def test_refused_field_is_omitted_next_to_a_parameter(client, thread, shop, sandbox):
    sandbox.switches.refused_fields = {"UnifiedThread.snippet"}
    assert len(client.conversation_batch(shop.id, folder="inbox").conversations) == 1
    assert client.capabilities.refused_fields == ["snippet"]


def test_parameters_are_sent_under_their_names(client, thread, shop, sandbox):
    client.conversation_batch(shop.id, folder="inbox", updated_after_ms=1, updated_before_ms=2)
    params = sandbox.call_log.calls[0].params
    assert (params["folder"], params["updated_after_ms"], params["updated_before_ms"]) == ("inbox", "1", "2")


def test_successful_size_is_remembered(make_client, world, shop, sandbox):
    for _ in range(60):
        world.add_conversation(shop)
    client = make_client()
    sandbox.limits.max_weight = 50 * 25
    client.conversation_batch(shop.id)
    assert client.capabilities.size == [50, 25]
    sandbox.call_log.clear()
    make_client(capabilities=client.capabilities).conversation_batch(shop.id)
    assert [call.params["limit"] for call in sandbox.call_log] == ["50"]


@pytest.mark.parametrize("size", [[7, 7], "big", None, [], [100]])
def test_unknown_remembered_size_is_ignored(make_client, thread, shop, sandbox, size):
    make_client(capabilities=Capabilities.from_stored({"size": size})).conversation_batch(shop.id)
    assert sandbox.call_log.calls[0].params["limit"] == "100"


def test_limit_that_is_too_high_shrinks_and_removes_no_field(client, thread, shop, sandbox):
    message = "(#100) Param limit must be an integer between 1 and 50"
    sandbox.faults.add(faults.graph_error(100, message=message), times=None, path="limit=100&")
    client.conversation_batch(shop.id)
    assert client.capabilities == Capabilities(size=[50, 25])


def test_retired_version_stops_at_once(client, thread, shop, sandbox):
    sandbox.faults.add(faults.graph_error(2635, message="You are calling a deprecated version"), times=None)
    with pytest.raises(GraphError, match="GRAPH_API_VERSION"):
        client.conversation_batch(shop.id)
    assert len(sandbox.call_log) == 1


# -- Instagram ---------------------------------------------------------------------------------------------
@pytest.fixture
def instagram(world, make_client, sandbox):
    page = world.add_page("900000000000002", "Both", instagram_id="17841400000000001")
    return make_client(page.token, platform="instagram"), page


@pytest.mark.parametrize("mode", ["bare id", "omitted", "call fails"])
def test_instagram_is_read_up_to_its_limit(instagram, world, sandbox, mode):
    client, page = instagram
    sandbox.switches.instagram_old_messages = mode
    thread = world.add_conversation(page, messages=30, platform="instagram")
    (record,) = client.conversation_batch(page.id).conversations
    assert len(record.messages.messages) == 20
    assert record.messages.after
    assert "messages.limit(20)" in sandbox.call_log.calls[0].params["fields"]
    assert len(client.message_batch(thread.id, limit=100).messages) == 20
    assert sandbox.call_log.calls[-1].params["limit"] == "20"


def test_messages_that_instagram_no_longer_shows_are_unreadable(instagram, world, sandbox):
    client, page = instagram
    thread = world.add_conversation(page, messages=30, platform="instagram")
    older = client.message_batch(thread.id, after=client.message_batch(thread.id).after)
    assert (older.messages, older.unreadable) == ([], 10)


def test_limit_of_the_caller_is_used(client, thread, sandbox):
    assert len(client.message_batch(thread.id, limit=2).messages) == 2
    assert sandbox.call_log.calls[-1].params["limit"] == "2"


def test_thread_whose_list_entry_is_too_large_is_requested_by_id_only(client, thread, shop, sandbox):
    sandbox.faults.add(faults.reduce_data(), times=None, path="snippet|participants,messages|participants$")
    (record,) = client.conversation_batch(shop.id).conversations
    assert (record.id, len(record.messages.messages), record.participants) == (thread.id, 3, [])
