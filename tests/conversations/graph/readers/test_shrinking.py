"""What happens if Facebook asks to reduce the amount of data: less at the same position, later more again."""

import re

import pytest

from conversations.graph.errors import (
    ActionRequiredError,
    GraphError,
    NotFoundError,
    PayloadTooLargeError,
    TransientError,
)
from conversations.graph.readers.batch_size import SUCCESSES_TO_GROW
from conversations.graph.transport import MAX_TRIES
from conversations.sandbox import faults
from tests.machine import recent_slowness

NESTED = re.compile(r"messages\.limit\((\d+)\)")


@pytest.fixture
def inbox(world, shop):
    now = world.clock.now()
    return [world.add_conversation(shop, updated_time=now - 60 * n, messages=2) for n in range(260)]


def sizes(sandbox, pattern="/conversations") -> list[int]:
    return [int(call.params["limit"]) for call in sandbox.call_log.matching(pattern)]


def nested(sandbox) -> list[int]:
    """Return how many messages of each conversation were requested."""
    calls = sandbox.call_log.matching("/conversations")
    return [int(match[1]) for call in calls if (match := NESTED.search(call.params["fields"]))]


def ids(batches) -> list[str]:
    return [record.id for batch in batches for record in batch.conversations]


def test_size_shrinks_at_the_same_position_and_grows_again(client, inbox, shop, sandbox):
    sandbox.faults.add(faults.reduce_data(), times=4, after=1)
    assert ids(client.conversations(shop.id)) == [thread.id for thread in inbox]
    assert sizes(sandbox) == [100, 100, 100, 50, 25, *[10] * SUCCESSES_TO_GROW, *[25] * SUCCESSES_TO_GROW]
    assert nested(sandbox)[:6] == [26, 26, 25, 25, 25, 25]
    cursors = [call.params.get("after") for call in sandbox.call_log]
    assert cursors[0] is None
    assert len(set(cursors[1:6])) == 1  # the same position until a request succeeded
    assert len(set(cursors)) == len(cursors) - 4


def test_largest_accepted_size_is_found(client, inbox, shop, sandbox):
    sandbox.limits.max_weight = 25 * 25
    assert ids(client.conversations(shop.id)) == [thread.id for thread in inbox]
    assert sizes(sandbox)[:5] == [100, 100, 50, 25, 25]
    failed = sandbox.call_log.matching(status=500)
    assert len(failed) <= 5


def test_lasting_unknown_error_is_treated_as_too_much_data(client, inbox, shop, sandbox, pauses):
    sandbox.faults.add(faults.unknown_error(), times=None, path="limit=100&")
    batches = client.conversations(shop.id)
    assert len(next(batches).conversations) == 50
    assert sizes(sandbox) == [100] * (MAX_TRIES + 2) + [50]  # fewer tries in the second size


def test_outage_is_not_treated_as_too_much_data(client, inbox, shop, sandbox):
    sandbox.faults.add(faults.unavailable(), times=None)
    with pytest.raises(TransientError):
        list(client.conversations(shop.id))
    assert set(sizes(sandbox)) == {100}


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1, "Please reduce the amount of data you're asking for", PayloadTooLargeError),
        (1, "An unknown error has occurred", TransientError),
        (9000001, "This message has been deleted", NotFoundError),
    ],
)
def test_thread_that_fails_at_any_size_affects_only_itself(client, world, inbox, shop, code, message, kind):
    bad = inbox[120]
    world.poison(bad, code, message)
    records = [record for batch in client.conversations(shop.id) for record in batch.conversations]
    assert [record.id for record in records] == [thread.id for thread in inbox]
    without = [record for record in records if record.messages is None]
    assert [record.id for record in without] == [bad.id]
    assert without[0].participants
    assert without[0].snippet
    assert bool(without[0].problem) == (kind is not TransientError)


def test_invalid_token_is_not_a_problem_of_a_thread(client, world, inbox, shop, sandbox):
    world.poison(inbox[0])
    sandbox.faults.add(faults.token_error(463), path="/messages")
    with pytest.raises(GraphError, match="expired"):
        list(client.conversations(shop.id))


def test_large_thread_has_as_many_messages_as_facebook_accepts(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=40)
    sandbox.limits.max_weight = 10
    sandbox.faults.add(faults.reduce_data(), times=None, path=r"messages\.limit")
    ((record,),) = (batch.conversations for batch in client.conversations(shop.id))
    assert len(record.messages.messages) == 10
    assert sizes(sandbox, "/messages") == [100, 50, 25, 10]
    sandbox.call_log.clear()
    older = [
        m.id for batch in client.messages(thread.id, after=record.messages.after) for m in batch.messages
    ]
    assert [m.id for m in record.messages.messages] + older == [m.id for m in thread.history.newest(0, 40)]
    assert sizes(sandbox, "/messages") == [10, 10, 10]  # the size is remembered for the thread


def test_single_conversation_that_is_too_large_is_read_in_parts(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=40)
    sandbox.limits.max_weight = 10
    assert len(client.conversation(thread.id).messages.messages) == 10


def test_single_conversation_that_fails_at_any_size_has_the_reason(client, world, shop):
    thread = world.add_conversation(shop)
    world.poison(thread)
    record = client.conversation(thread.id)
    assert "reduce the amount" in record.problem


def test_messages_that_fail_at_any_size_are_an_error(client, world, shop, sandbox):
    thread = world.add_conversation(shop)
    world.poison(thread)
    with pytest.raises(PayloadTooLargeError):
        list(client.messages(thread.id))
    assert sizes(sandbox, "/messages") == [100, 50, 25, 10, 1]


def test_refused_field_is_omitted_at_the_smallest_size(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=3)
    world.poison(thread)
    sandbox.switches.refused_fields = {"senders", "Message.story"}
    ((record,),) = (batch.conversations for batch in client.conversations(shop.id))
    assert record.problem
    assert "senders" not in sandbox.call_log.calls[-1].params["fields"]


def test_missing_page_is_not_requested_in_smaller_sizes(client, inbox, shop, sandbox):
    message = f"Unsupported get request. Object with ID '{shop.id}' does not exist"
    sandbox.faults.add(faults.graph_error(100, 33, message=message), times=None)
    with pytest.raises(ActionRequiredError, match=f"facebook.com/{shop.id}"):
        client.conversation_batch(shop.id)
    assert sizes(sandbox) == [100]


def test_request_without_a_response_in_time_shrinks(make_client, inbox, shop, sandbox):
    sandbox.faults.add(faults.hang(), times=None, above=50)
    client = make_client(read_seconds=0.3 * recent_slowness())  # for the answer that comes
    assert len(client.conversation_batch(shop.id).conversations) == 50
    assert sizes(sandbox) == [100] * (MAX_TRIES + 2) + [50]


def test_server_that_cannot_be_reached_is_not_asked_for_less(make_client, shop, pauses):
    client = make_client(url="http://127.0.0.1:9")
    with pytest.raises(TransientError):
        client.conversation_batch(shop.id)
    assert len(pauses) == MAX_TRIES - 1
