"""The walk over a list, by cursors and by windows of time, against a small list of ours."""

import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversations.graph.client import GraphClient
from conversations.graph.records import Conversation, ConversationBatch
from conversations.sync.lists import ListCall, ListWalk
from conversations.sync.place import Place

NOW = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
DAY = 86400


@dataclass
class List:
    """Threads by name and the second of their last message; answers as Graph does."""

    threads: dict[str, int]
    limit: int = 10
    honours_bounds: bool = True
    is_inclusive: bool = True
    calls: int = 0
    queries: dict[str, tuple] = field(default_factory=dict)

    def conversation_batch(
        self, page_id, *, folder=None, after=None, updated_after_ms=None, updated_before_ms=None
    ) -> ConversationBatch:
        self.calls += 1
        bounds = (updated_after_ms, updated_before_ms) if self.honours_bounds else (None, None)
        found = sorted(self._within(*bounds), key=lambda name: (-self.threads[name], name))
        start = 0
        if after:
            assert self.queries[after][:2] == bounds, "a cursor belongs to the bounds it was made for"
            start = self.queries[after][2]
        part = found[start : start + self.limit]
        stop = start + self.limit
        cursor = f"{bounds}{stop}"
        self.queries[cursor] = (*bounds, stop)
        records = [Conversation(name, datetime.fromtimestamp(self.threads[name], UTC)) for name in part]
        return ConversationBatch(records, cursor if stop < len(found) else None)

    def _within(self, after_ms, before_ms):
        slack = 0 if self.is_inclusive else 1
        for name, second in self.threads.items():
            time = second * 1000 + 500
            if (after_ms is None or time >= after_ms + slack) and (
                before_ms is None or time <= before_ms - slack
            ):
                yield name


def walk_through(
    walk: ListWalk, graph: List, *, threads: int = 5, chance: random.Random, stop_after=math.inf
):
    """Several threads that answer in any order; yields the calls as the writer gets them."""
    under_way: list[ListCall] = []
    handled = 0
    while handled < stop_after:
        while len(under_way) < threads and (call := walk.take()):
            under_way.append(call)
        if not under_way:
            assert not walk.has_work()
            return
        call = under_way.pop(chance.randrange(len(under_way)))
        call.value = call.ask(cast(GraphClient, graph))
        walk.answered(call, call.value)
        handled += 1
        yield call


def spread(kind: str, count: int, chance: random.Random) -> dict[str, int]:
    ages = {
        "even": lambda: chance.randrange(46 * DAY),
        "exponential": lambda: int(chance.expovariate(1 / (90 * DAY))),
        "old": lambda: chance.randrange(500 * DAY, 700 * DAY),
        "bursts": lambda: chance.choice([3, 200, 650]) * DAY + chance.randrange(3600),
        "one second": lambda: 40 * DAY,
        "few seconds": lambda: chance.choice([1, 2, 900]) * DAY,
    }[kind]
    return {f"t_{number}": NOW - ages() for number in range(count)}


@pytest.mark.parametrize("kind", ["even", "exponential", "old", "bursts", "one second", "few seconds"])
@pytest.mark.parametrize("is_inclusive", [True, False])
def test_windows_show_every_thread(kind, is_inclusive):
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - shown where it fails
    chance = random.Random(seed)
    graph = List(spread(kind, 400, chance), is_inclusive=is_inclusive)
    walk = ListWalk("1", windows=None)
    calls = list(walk_through(walk, graph, chance=chance))
    shown = {record.id for call in calls for record in call.value.conversations}
    assert walk.error is None
    assert walk.windows is True
    assert shown == set(graph.threads)


@pytest.mark.parametrize(
    ("kind", "most"), [("even", 1.25), ("exponential", 1.25), ("old", 1.35), ("bursts", 1.7)]
)
def test_windows_need_few_calls_more_than_the_list(kind, most):
    chance = random.Random(4)
    graph = List(spread(kind, 10_000, chance), limit=100)
    list(walk_through(ListWalk("1", windows=True), graph, chance=chance))
    assert graph.calls <= 100 * most


def test_windows_keep_several_threads_busy():
    """All but the opening and the tail: at most a few of a hundred calls find fewer than four under way."""
    chance = random.Random(5)
    graph = List(spread("exponential", 10_000, chance), limit=100)
    walk, under_way, busy = ListWalk("1", windows=True), [], []
    while True:
        while len(under_way) < 6 and (call := walk.take()):
            under_way.append(call)
        if not under_way:
            break
        busy.append(len(under_way))
        call = under_way.pop(0)
        call.value = call.ask(graph)
        walk.answered(call, call.value)
    assert sum(number >= 4 for number in busy) >= len(busy) - 12


@settings(deadline=None, max_examples=150)
@given(
    seconds=st.lists(
        st.one_of(st.integers(0, 30), st.integers(0, 10**6), st.integers(0, 10**8)), min_size=1, max_size=120
    ),
    stop_after=st.integers(1, 30),
    seed=st.integers(0, 10**6),
)
def test_place_and_what_was_stored_leave_nothing_out(seconds, stop_after, seed):
    """Left after any answer, the walk that goes on from the place shows what was not stored."""
    chance = random.Random(seed)
    graph = List({f"t_{number}": NOW - age for number, age in enumerate(seconds)}, limit=7)
    place, stored = Place(), set()
    for call in walk_through(ListWalk("1", windows=True), graph, chance=chance, stop_after=stop_after):
        stored |= {record.id for record in call.value.conversations}
        move(place, call)
    if not place.walked:
        place = Place.from_json(place.as_json())
        for call in walk_through(ListWalk("1", place=place, windows=True), graph, chance=chance):
            stored |= {record.id for record in call.value.conversations}
    assert stored == set(graph.threads)


def move(place: Place, call: ListCall) -> None:
    """As the writer does."""
    if call.begins_windows is not None:
        place.after, place.spans = None, [(None, call.begins_windows)]
    if call.covers:
        place.cover(call.covers)
    if call.window and call.window.high is not None:
        place.walked = not place.spans
    else:
        place.after, place.walked = call.value.after, call.ends


def test_server_that_ignores_bounds_is_walked_by_its_cursors():
    chance = random.Random(1)
    graph = List(spread("even", 95, chance), honours_bounds=False)
    walk = ListWalk("1", windows=None)
    calls = list(walk_through(walk, graph, chance=chance))
    assert walk.windows is False
    assert graph.calls == 10 + 1
    assert {record.id for call in calls for record in call.value.conversations} == set(graph.threads)


def test_server_that_stops_to_honour_bounds_costs_a_new_walk_and_no_thread():
    chance = random.Random(1)
    graph = List(spread("even", 300, chance))
    walk, shown = ListWalk("1", windows=True), set()
    for number, call in enumerate(walk_through(walk, graph, chance=chance)):
        shown |= {record.id for record in call.value.conversations}
        graph.honours_bounds = number < 8
    assert walk.windows is False
    assert shown == set(graph.threads)


def test_thread_with_an_odd_time_at_the_end_of_an_answer_hides_nothing():
    chance = random.Random(1)
    graph = List({f"t_{number:03}": NOW - number * 1000 for number in range(200)})

    class Odd(List):
        def conversation_batch(self, *arguments, **bounds):
            batch = super().conversation_batch(*arguments, **bounds)
            records = [
                Conversation(record.id, datetime(2010, 1, 1, tzinfo=UTC))
                if record.id[-1] in "789"
                else record
                for record in batch.conversations
            ]
            return ConversationBatch(records, batch.after)

    odd = Odd(graph.threads)
    shown = {
        record.id
        for call in walk_through(ListWalk("1", windows=True), odd, chance=chance)
        for record in call.value.conversations
    }
    assert shown == set(graph.threads)


@pytest.mark.parametrize("count", [5, 25, 95])
def test_list_is_walked_down_to_its_floor_and_no_further(count):
    graph = List({f"t_{number:03}": NOW - number * 1000 for number in range(300)})
    walk = ListWalk("1", floor=NOW - count * 1000 + 1)
    list(walk_through(walk, graph, chance=random.Random(1)))
    assert graph.calls == count // 10 + 1


def test_cursor_that_comes_twice_is_an_error_and_not_an_endless_walk():
    class Stuck(List):
        def conversation_batch(self, *arguments, **bounds):
            return ConversationBatch([Conversation("t_1")], "again")

    walk = ListWalk("1")
    list(walk_through(walk, Stuck(spread("even", 30, random.Random(1))), chance=random.Random(1)))
    assert "repeated a cursor" in str(walk.error)
