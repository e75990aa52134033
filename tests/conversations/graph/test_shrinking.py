"""Where Facebook asks to reduce the amount of data: less at the same place, and more again later."""

import re

import pytest

from conversations.graph.caller import TRIES
from conversations.graph.errors import GoneError, GraphError, TooMuchDataError, TransientError
from conversations.graph.ladder import PATIENCE
from conversations.sandbox import faults

NESTED = re.compile(r"messages\.limit\((\d+)\)")


@pytest.fixture
def inbox(world, shop):
    now = world.clock.now()
    return [world.add_conversation(shop, updated_time=now - 60 * n, messages=2) for n in range(260)]


def sizes(sandbox, pattern="/conversations") -> list[int]:
    return [int(call.params["limit"]) for call in sandbox.ledger.matching(pattern)]


def nested(sandbox) -> list[int]:
    """How many messages of each conversation were asked for."""
    calls = sandbox.ledger.matching("/conversations")
    return [int(match[1]) for call in calls if (match := NESTED.search(call.params["fields"]))]


def ids(batches) -> list[str]:
    return [record.id for batch in batches for record in batch.conversations]


def test_size_goes_down_at_the_same_place_and_climbs_again(client, inbox, shop, sandbox):
    sandbox.faults.add(faults.reduce_data(), times=4, after=1)
    assert ids(client.conversations(shop.id)) == [thread.id for thread in inbox]
    assert sizes(sandbox) == [100, 100, 100, 50, 25, *[10] * PATIENCE, *[25] * PATIENCE]
    assert nested(sandbox)[:6] == [26, 26, 25, 25, 25, 25]
    cursors = [call.params.get("after") for call in sandbox.ledger]
    assert cursors[0] is None
    assert len(set(cursors[1:6])) == 1  # the same place, until one was borne
    assert len(set(cursors)) == len(cursors) - 4


def test_weight_that_facebook_bears_is_found(client, inbox, shop, sandbox):
    sandbox.limits.max_weight = 25 * 25
    assert ids(client.conversations(shop.id)) == [thread.id for thread in inbox]
    assert sizes(sandbox)[:5] == [100, 100, 50, 25, 25]
    failed = sandbox.ledger.matching(status=500)
    assert len(failed) <= 5


def test_unknown_error_that_stays_is_taken_for_too_much(client, inbox, shop, sandbox, pauses):
    sandbox.faults.add(faults.unknown_error(), times=None, path="limit=100&")
    batches = client.conversations(shop.id)
    assert len(next(batches).conversations) == 50
    assert sizes(sandbox) == [100] * (TRIES + 2) + [50]  # not as patiently in the second size as in the first


def test_outage_is_not_taken_for_too_much(client, inbox, shop, sandbox):
    sandbox.faults.add(faults.unavailable(), times=None)
    with pytest.raises(TransientError):
        list(client.conversations(shop.id))
    assert set(sizes(sandbox)) == {100}


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (1, "Please reduce the amount of data you're asking for", TooMuchDataError),
        (1, "An unknown error has occurred", TransientError),
        (9000001, "This message has been deleted", GoneError),
    ],
)
def test_thread_that_fails_at_any_size_costs_only_itself(client, world, inbox, shop, code, message, kind):
    bad = inbox[120]
    world.poison(bad, code, message)
    found = [record for batch in client.conversations(shop.id) for record in batch.conversations]
    assert [record.id for record in found] == [thread.id for thread in inbox]
    without = [record for record in found if record.messages is None]
    assert [record.id for record in without] == [bad.id]
    assert without[0].participants
    assert without[0].snippet
    assert bool(without[0].problem) == (kind is not TransientError)


def test_dead_token_is_no_problem_of_a_thread(client, world, inbox, shop, sandbox):
    world.poison(inbox[0])
    sandbox.faults.add(faults.token_error(463), path="/messages")
    with pytest.raises(GraphError, match="expired"):
        list(client.conversations(shop.id))


def test_heavy_thread_comes_with_as_many_messages_as_facebook_bears(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=40)
    sandbox.limits.max_weight = 10
    sandbox.faults.add(faults.reduce_data(), times=None, path=r"messages\.limit")
    ((record,),) = (batch.conversations for batch in client.conversations(shop.id))
    assert len(record.messages.messages) == 10
    assert sizes(sandbox, "/messages") == [100, 50, 25, 10]
    sandbox.ledger.clear()
    older = [
        m.id for batch in client.messages(thread.id, after=record.messages.after) for m in batch.messages
    ]
    assert [m.id for m in record.messages.messages] + older == [m.id for m in thread.history.newest(0, 40)]
    assert sizes(sandbox, "/messages") == [10, 10, 10]  # the size is remembered for the thread


def test_single_conversation_that_is_too_heavy_is_read_in_parts(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=40)
    sandbox.limits.max_weight = 10
    assert len(client.conversation(thread.id).messages.messages) == 10


def test_single_conversation_that_no_size_helps_is_told_with_the_reason(client, world, shop):
    thread = world.add_conversation(shop)
    world.poison(thread)
    record = client.conversation(thread.id)
    assert "reduce the amount" in record.problem


def test_messages_that_no_size_helps_are_an_error(client, world, shop, sandbox):
    thread = world.add_conversation(shop)
    world.poison(thread)
    with pytest.raises(TooMuchDataError):
        list(client.messages(thread.id))
    assert sizes(sandbox, "/messages") == [100, 50, 25, 10, 1]


def test_refused_field_is_left_out_at_the_smallest_size_too(client, world, shop, sandbox):
    thread = world.add_conversation(shop, messages=3)
    world.poison(thread)
    sandbox.switches.refused_fields = {"senders", "Message.story"}
    ((record,),) = (batch.conversations for batch in client.conversations(shop.id))
    assert record.problem
    assert "senders" not in sandbox.ledger.calls[-1].params["fields"]


def test_page_that_is_gone_is_not_sought_in_smaller_sizes(client, inbox, shop, sandbox):
    words = f"Unsupported get request. Object with ID '{shop.id}' does not exist"
    sandbox.faults.add(faults.graph_error(100, 33, message=words), times=None)
    with pytest.raises(GoneError):
        client.conversation_batch(shop.id)
    assert sizes(sandbox) == [100]
