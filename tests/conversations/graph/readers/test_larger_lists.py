"""Lists of more than 100 conversations: tried once, used if Facebook returns them, left at once if not."""

import pytest

from conversations.graph.capabilities import Capabilities
from conversations.graph.readers import larger_lists
from conversations.sandbox import faults, refusals
from tests.machine import pause

THREADS = 900


@pytest.fixture
def inbox(world, shop):
    now = world.clock.now()
    return [world.add_conversation(shop, updated_time=now - 60 * n, messages=1) for n in range(THREADS)]


@pytest.fixture
def read(make_client, shop):
    """Read the whole list as a full sync does, and return the IDs and what is known afterwards."""

    def run(most: int | None = None, **options) -> tuple[list[str], int | None]:
        client = make_client(capabilities=Capabilities(most_conversations=most), **options)
        ids, after = [], None
        while True:
            batch = client.conversation_batch(shop.id, after=after, is_large=after is not None)
            ids += batch.ids
            after = batch.after
            if after is None:
                return ids, client.capabilities.most_conversations

    return run


def limits(sandbox) -> list[int]:
    return [int(call.params["limit"]) for call in sandbox.call_log.matching("/conversations")]


def shown(inbox) -> list[str]:
    return [thread.id for thread in inbox]


def test_larger_lists_are_tried_after_an_answer_in_the_usual_size(read, inbox, sandbox):
    assert read() == (shown(inbox), 400)
    assert limits(sandbox) == [100, 400, 400]


def test_what_was_learnt_is_used_at_once(read, inbox, sandbox):
    assert read(200) == (shown(inbox), 200)
    assert limits(sandbox) == [100, 200, 200, 200, 200]


def test_lists_are_not_tried_again_where_they_were_cut(read, inbox, sandbox):
    assert read(100) == (shown(inbox), 100)
    assert set(limits(sandbox)) == {100}


@pytest.mark.parametrize("cut", [100, 150, 200, 250, 399])
@pytest.mark.parametrize("known", [None, 400])
def test_silent_cut_costs_no_call(read, inbox, sandbox, cut, known):
    sandbox.switches.max_limit = cut
    most = 400 if cut == 399 else 200 if cut >= 200 else 100
    assert read(known) == (shown(inbox), most)
    assert limits(sandbox)[:3] == [100, 400, most]
    least = min(cut, most)
    assert len(limits(sandbox)) == 2 + -(-(THREADS - 100 - min(cut, 400)) // least)


REFUSALS = {
    "reduce the amount of data": faults.reduce_data(),
    "code 1": faults.unknown_error(),
    "time-out by size": refusals.instagram_timeout(),
    "504": refusals.gateway_timeout(),
    "504 with code -2": refusals.gateway_timeout(is_json=True),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("known", [None, 400])
def test_refused_size_is_left_at_once(read, inbox, sandbox, name, known):
    sandbox.faults.add(REFUSALS[name], times=None, above=200)
    assert read(known) == (shown(inbox), 200)
    assert limits(sandbox) == [100, 400, 200, 200, 200, 200]


def test_usual_size_remains_if_nothing_larger_succeeds(read, inbox, sandbox):
    sandbox.limits.max_weight = 100 * 26
    assert read(400) == (shown(inbox), 100)
    assert limits(sandbox) == [100, 400, 200, *[100] * 8]


def test_answer_above_the_limit_of_bytes_is_requested_in_parts(read, inbox, sandbox):
    ids, most = read(400, max_bytes=200_000)
    assert (ids, most) == (shown(inbox), 100)


def test_other_failures_do_not_count_against_the_size(read, inbox, sandbox):
    sandbox.faults.add(faults.unavailable(), path="limit=400", times=1)
    assert read(400) == (shown(inbox), 400)
    assert limits(sandbox)[:4] == [100, 400, 100, 400]


@pytest.mark.parametrize(("name", "value"), [("MAX_SECONDS", 1e-6), ("MAX_BYTES", 1000)])
def test_sizes_that_would_take_too_much_are_not_tried(read, inbox, sandbox, monkeypatch, name, value):
    monkeypatch.setattr(larger_lists, name, value)
    assert read() == (shown(inbox), None)
    assert set(limits(sandbox)) == {100}


def test_slow_answers_lead_back_to_the_smaller_size(read, inbox, sandbox, monkeypatch):
    seconds = pause(0.5, maximum=20)  # on a busy machine the other answers are slow, too
    monkeypatch.setattr(larger_lists, "NOTICEABLE_SECONDS", 0.6 * seconds)
    monkeypatch.setattr(larger_lists, "SLOWER", 0.1)
    sandbox.faults.add(faults.slow(seconds), path="limit=400", times=None)
    assert read(400)[1] == 200
    assert limits(sandbox)[:3] == [100, 400, 200]


def test_small_answers_do_not_tell_how_long_large_ones_take(make_client, inbox, shop, sandbox, monkeypatch):
    monkeypatch.setattr(larger_lists, "MAX_SECONDS", 4.0)
    client = make_client(capabilities=Capabilities(most_conversations=400))
    top = client.conversation_batch(shop.id)
    sandbox.faults.add(faults.slow(0.05), path="updated_before_ms", times=1)
    sandbox.switches.updated_ms = "honoured"
    oldest = int(inbox[-1].updated_time * 1000) + 1
    assert len(client.conversation_batch(shop.id, updated_before_ms=oldest).ids) == 1
    assert len(client.conversation_batch(shop.id, after=top.after, is_large=True).ids) == 400


def test_calls_of_small_reads_have_the_usual_size(make_client, inbox, shop, sandbox):
    client = make_client(capabilities=Capabilities(most_conversations=400))
    assert len([record for batch in client.conversations(shop.id) for record in batch.ids]) == THREADS
    assert set(limits(sandbox)) == {100}


@pytest.mark.parametrize(("kind", "expected"), [("honoured", True), ("ignored", None), ("refused", False)])
def test_count_is_optional(make_client, inbox, shop, sandbox, kind, expected):
    sandbox.switches.total_count = kind
    client = make_client()
    batch = client.conversation_batch(shop.id, count=True)
    assert batch.total == (THREADS if expected else None)
    assert client.capabilities.counts is expected
    assert len(limits(sandbox)) == 1 + (kind == "refused")
    client.conversation_batch(shop.id, count=True)
    assert len(limits(sandbox)) == 2 + (kind == "refused")
