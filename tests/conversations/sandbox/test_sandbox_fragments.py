"""The sandbox caches the JSON of listed threads. No response may differ because of the cache."""

import pytest

from conversations.sandbox import Person, seed_page
from conversations.sandbox.responses.fragments import Fragments

FIELDS = "id,updated_time,participants,unread_count,can_reply,snippet,messages.limit(3){id,from,to,message}"


@pytest.fixture
def seeded(world, page):
    seed_page(world, page, conversations=20, messages=5)
    return list(page.threads.values())


@pytest.fixture
def read_both(sandbox, graph):
    """Return the list from the cache and the same list from a sandbox with an empty cache."""

    def both(**params):
        cached = read(**params)
        sandbox.graph.fragments = Fragments()
        return cached, read(**params)

    def read(**params):
        response = graph("/v26.0/me/conversations", fields=FIELDS, limit=10, **params)
        response.get("error", {}).pop("fbtrace_id", None)  # differs for each call
        return response

    return both


CHANGES = {
    "added message": lambda world, thread: world.add_message(thread, "Another message"),
    "removed message": lambda world, thread: world.remove_message(thread, thread.history[4].id),
    "changed time": lambda world, thread: world.touch(thread, "2026-11-21T10:00:00"),
    "changed unread count": lambda world, thread: setattr(thread, "unread_count", 7),
    "changed can_reply": lambda world, thread: setattr(thread, "can_reply", not thread.can_reply),
    "renamed customer": lambda world, thread: setattr(thread.customer, "name", "Somebody Else"),
    "another customer": lambda world, thread: setattr(thread, "customer", Person("77", "New")),
    "deleted customer": lambda world, thread: setattr(thread, "customer", None),
    "raw values": lambda world, thread: setattr(thread, "raw", {"snippet": 12, "new": [1]}),
    "poisoned thread": lambda world, thread: world.poison(thread),
    "hidden thread": lambda world, thread: setattr(thread, "hidden", True),
    "expired cursors": lambda world, thread: world.expire_cursors(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_visible_in_the_next_response(read_both, seeded, world, change):
    before, _ = read_both()
    CHANGES[change](world, seeded[-2])
    cached, fresh = read_both()
    assert cached == fresh
    assert cached != before


@pytest.mark.parametrize(
    ("switch", "value"),
    [("escape_slashes", False), ("omit_cursors", True), ("next_url", "https://elsewhere.example")],
)
def test_a_switch_applies_to_the_next_response(read_both, seeded, sandbox, switch, value):
    read_both()
    setattr(sandbox.switches, switch, value)
    cached, fresh = read_both()
    assert cached == fresh


def test_other_fields_and_slices_are_correct(graph, seeded, read_both):
    read_both()
    first = graph("/v26.0/me/conversations", fields="id,snippet", limit=2)
    assert [list(thread) for thread in first["data"]] == [["id", "snippet"]] * 2
    cached, fresh = read_both(after=first["paging"]["cursors"]["after"])
    assert cached == fresh


def test_the_call_log_counts_what_was_returned(read_both, seeded, sandbox):
    read_both()
    assert [(call.conversations, call.messages) for call in sandbox.call_log] == [(10, 30), (10, 30)]
