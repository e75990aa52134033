"""Listed threads are kept as finished JSON: nobody may notice."""

import pytest

from conversations.sandbox import Person, seed_page
from conversations.sandbox.fragments import Fragments

FIELDS = "id,updated_time,participants,unread_count,can_reply,snippet,messages.limit(3){id,from,to,message}"


@pytest.fixture
def seeded(world, page):
    seed_page(world, page, conversations=20, messages=5)
    return list(page.threads.values())


@pytest.fixture
def ask(sandbox, graph):
    """The list, and the same list from a sandbox that keeps nothing."""

    def both(**params):
        kept = listed(**params)
        sandbox.graph.fragments = Fragments()
        return kept, listed(**params)

    def listed(**params):
        answer = graph("/v26.0/me/conversations", fields=FIELDS, limit=10, **params)
        answer.get("error", {}).pop("fbtrace_id", None)  # of each call its own
        return answer

    return both


CHANGES = {
    "a message more": lambda world, thread: world.add_message(thread, "One more"),
    "a message less": lambda world, thread: world.remove_message(thread, thread.history[4].id),
    "another time": lambda world, thread: world.touch(thread, "2026-11-21T10:00:00"),
    "read": lambda world, thread: setattr(thread, "unread_count", 7),
    "no reply": lambda world, thread: setattr(thread, "can_reply", not thread.can_reply),
    "renamed": lambda world, thread: setattr(thread.customer, "name", "Somebody Else"),
    "another customer": lambda world, thread: setattr(thread, "customer", Person("77", "New")),
    "deleted customer": lambda world, thread: setattr(thread, "customer", None),
    "raw": lambda world, thread: setattr(thread, "raw", {"snippet": 12, "new": [1]}),
    "poison": lambda world, thread: world.poison(thread),
    "hidden": lambda world, thread: setattr(thread, "hidden", True),
    "old cursors": lambda world, thread: world.expire_cursors(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_shows_at_once(ask, seeded, world, change):
    before, _ = ask()
    CHANGES[change](world, seeded[-2])
    kept, fresh = ask()
    assert kept == fresh
    assert kept != before


@pytest.mark.parametrize(
    ("switch", "value"),
    [("escape_slashes", False), ("omit_cursors", True), ("next_url", "https://elsewhere.example")],
)
def test_a_switch_shows_at_once(ask, seeded, sandbox, switch, value):
    ask()
    setattr(sandbox.switches, switch, value)
    kept, fresh = ask()
    assert kept == fresh


def test_other_fields_and_slices_show_what_they_should(graph, seeded, ask):
    ask()
    first = graph("/v26.0/me/conversations", fields="id,snippet", limit=2)
    assert [list(thread) for thread in first["data"]] == [["id", "snippet"]] * 2
    kept, fresh = ask(after=first["paging"]["cursors"]["after"])
    assert kept == fresh


def test_the_ledger_tells_what_was_served(ask, seeded, sandbox):
    ask()
    assert [(call.conversations, call.messages) for call in sandbox.ledger] == [(10, 30), (10, 30)]
