"""Reading a list, by cursors and by windows of time, against a small fake of Graph."""

import json
import math
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from conversations.graph.client import GraphClient, Pace
from conversations.graph.records import Conversation, ConversationBatch, Message, MessageBatch
from conversations.sync.crawl.list_calls import ListCall, ListSource, ProbeCall
from conversations.sync.crawl.list_reader import ListReader
from conversations.sync.stored_state import Checkpoint, read_checkpoints
from tests.seeds import SEED

NOW = int(datetime(2026, 11, 20, tzinfo=UTC).timestamp())
DAY = 86400
INBOX = ListSource("1")


@dataclass
class FakeGraph:
    """A fake of Graph. `threads` holds by name the second of their last message."""

    threads: dict[str, int]
    limit: int = 10
    honors_bounds: bool = True
    is_inclusive: bool = True
    counts: str = "exactly"  # or "not", or how it is wrong
    calls: int = 0
    queries: dict[str, tuple] = field(default_factory=dict)

    def conversation_batch(
        self,
        page_id,
        *,
        folder=None,
        after=None,
        updated_after_ms=None,
        updated_before_ms=None,
        count=False,
        is_large=False,
    ) -> ConversationBatch:
        self.calls += 1
        bounds = (updated_after_ms, updated_before_ms) if self.honors_bounds else (None, None)
        names = sorted(self._within(*bounds), key=lambda name: (-self.threads[name], name))
        start = 0
        if after:
            assert self.queries[after][:2] == bounds, (
                "a cursor is valid only with the bounds of its own request"
            )
            start = self.queries[after][2]
        part = names[start : start + self.limit]
        stop = start + self.limit
        cursor = f"{bounds}{stop}"
        self.queries[cursor] = (*bounds, stop)
        records = [record(name, self.threads[name]) for name in part]
        total = self._count(len(names), len(part)) if count else None
        return ConversationBatch(records, cursor if stop < len(names) else None, total=total)

    def pace(self, *, is_large: bool) -> Pace:
        return Pace(3.3, self.limit)

    def _count(self, listed: int, shown: int) -> int | None:
        counts = {
            "exactly": listed,
            "not": None,
            "the whole list": len(self.threads),
            "this answer": shown,
            "nothing": 0,
            "too few": listed // 3,
            "too many": listed * 3,
        }
        return counts[self.counts]

    def _within(self, after_ms, before_ms):
        slack = 0 if self.is_inclusive else 1
        for name, second in self.threads.items():
            time = second * 1000 + 500
            if (after_ms is None or time >= after_ms + slack) and (
                before_ms is None or time <= before_ms - slack
            ):
                yield name


def record(name: str, second: int) -> Conversation:
    """Return a thread whose newest message has its time."""
    time = datetime.fromtimestamp(second, UTC)
    return Conversation(name, time, messages=MessageBatch([Message(f"m_{name}", created_time=time)]))


def read_through(
    reader: ListReader, graph: FakeGraph, *, threads: int = 5, chance: random.Random, stop_after=math.inf
):
    """Answer the calls of several threads in random order, and yield them as the writer gets them."""
    in_progress: list[ListCall | ProbeCall] = []
    answered = 0
    while answered < stop_after:
        while len(in_progress) < threads and (call := reader.take()):
            in_progress.append(call)
        if not in_progress:
            assert not reader.has_work()
            return
        call = in_progress.pop(chance.randrange(len(in_progress)))
        call.value = call.ask(cast(GraphClient, graph))
        reader.on_result(call, call.value)
        answered += 1
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
def test_windows_return_every_thread(kind, is_inclusive):
    print("seed", SEED)  # noqa: T201 - shown if the test fails
    chance = random.Random(SEED)
    graph = FakeGraph(spread(kind, 400, chance), is_inclusive=is_inclusive)
    reader = ListReader.full(INBOX, windows=None)
    calls = list(read_through(reader, graph, chance=chance))
    shown = {record.id for call in calls for record in call.value.conversations}
    assert reader.error is None
    assert reader.windows is True
    assert shown == set(graph.threads)


@pytest.mark.parametrize(
    ("kind", "counts", "most"),
    [
        ("even", "exactly", 108),
        ("exponential", "exactly", 108),
        ("old", "exactly", 110),
        ("bursts", "exactly", 140),
        ("even", "not", 125),
        ("exponential", "not", 125),
        ("old", "not", 135),
        ("bursts", "not", 170),
    ],
)
def test_windows_need_few_more_calls_than_the_cursor(kind, counts, most):
    chance = random.Random(4)
    graph = FakeGraph(spread(kind, 10_000, chance), limit=100, counts=counts)
    list(read_through(ListReader.full(INBOX, windows=True), graph, chance=chance))
    assert graph.calls <= most


@pytest.mark.parametrize("counts", ["not", "the whole list", "this answer", "nothing", "too few", "too many"])
@pytest.mark.parametrize("kind", ["even", "bursts", "one second"])
def test_wrong_counts_hide_no_thread(kind, counts):
    chance = random.Random(6)
    graph = FakeGraph(spread(kind, 400, chance), counts=counts)
    calls = list(read_through(ListReader.full(INBOX, windows=True), graph, chance=chance))
    assert {record.id for call in calls for record in call.value.conversations} == set(graph.threads)
    assert graph.calls <= 130


def test_windows_keep_several_threads_busy():
    """Only at the start and at the end of the list are fewer than three calls in progress."""
    chance = random.Random(5)
    graph = FakeGraph(spread("exponential", 10_000, chance), limit=100)
    reader, in_progress, busy = ListReader.full(INBOX, windows=True), [], []
    while True:
        while len(in_progress) < 6 and (call := reader.take()):
            in_progress.append(call)
        if not in_progress:
            break
        busy.append(len(in_progress))
        call = in_progress.pop(0)
        call.value = call.ask(graph)
        reader.on_result(call, call.value)
    assert sum(number >= 3 for number in busy) >= len(busy) - 12


@settings(max_examples=150)
@given(
    seconds=st.lists(
        st.one_of(st.integers(0, 30), st.integers(0, 10**6), st.integers(0, 10**8)), min_size=1, max_size=120
    ),
    stop_after=st.integers(1, 30),
    seed=st.integers(0, 10**6),
)
def test_resuming_from_a_checkpoint_leaves_no_thread_out(seconds, stop_after, seed):
    """Stopped after any answer, the reader that resumes returns all threads that were not stored."""
    chance = random.Random(seed)
    graph = FakeGraph({f"t_{number}": NOW - age for number, age in enumerate(seconds)}, limit=7)
    checkpoint, stored = Checkpoint(), set()
    for call in read_through(
        ListReader.full(INBOX, windows=True), graph, chance=chance, stop_after=stop_after
    ):
        stored |= {record.id for record in call.value.conversations}
        if isinstance(call, ListCall) and call.step is not None:
            call.step.apply(checkpoint)
    if not checkpoint.is_complete:
        checkpoint = read_checkpoints(json.loads(json.dumps({"list": checkpoint.as_json()})))["list"]
        for call in read_through(ListReader.resume(INBOX, checkpoint, windows=True), graph, chance=chance):
            stored |= {record.id for record in call.value.conversations}
    assert stored == set(graph.threads)


def test_list_is_read_by_cursors_if_the_server_ignores_bounds():
    chance = random.Random(1)
    graph = FakeGraph(spread("even", 95, chance), honors_bounds=False)
    reader = ListReader.full(INBOX, windows=None)
    calls = list(read_through(reader, graph, chance=chance))
    assert reader.windows is False
    assert graph.calls == 10 + 1
    assert {record.id for call in calls for record in call.value.conversations} == set(graph.threads)


def test_list_is_read_again_if_the_server_stops_honoring_bounds():
    chance = random.Random(1)
    graph = FakeGraph(spread("even", 300, chance))
    reader, shown = ListReader.full(INBOX, windows=True), set()
    for number, call in enumerate(read_through(reader, graph, chance=chance)):
        shown |= {record.id for record in call.value.conversations}
        graph.honors_bounds = number < 8
    assert reader.windows is False
    assert shown == set(graph.threads)


def test_odd_times_at_the_end_of_an_answer_hide_no_thread():
    chance = random.Random(1)
    graph = FakeGraph({f"t_{number:03}": NOW - number * 1000 for number in range(200)})

    class OddTimes(FakeGraph):
        def conversation_batch(self, *arguments, **bounds):
            batch = super().conversation_batch(*arguments, **bounds)
            records = [
                Conversation(record.id, datetime(2010, 1, 1, tzinfo=UTC))
                if record.id[-1] in "789"
                else record
                for record in batch.conversations
            ]
            return ConversationBatch(records, batch.after)

    odd = OddTimes(graph.threads)
    shown = {
        record.id
        for call in read_through(ListReader.full(INBOX, windows=True), odd, chance=chance)
        for record in call.value.conversations
    }
    assert shown == set(graph.threads)


@pytest.mark.parametrize("count", [5, 25, 95])
def test_list_is_read_down_to_the_given_second_and_no_further(count):
    graph = FakeGraph({f"t_{number:03}": NOW - number * 1000 for number in range(300)})
    reader = ListReader.since(INBOX, NOW - count * 1000 + 1)
    list(read_through(reader, graph, chance=random.Random(1)))
    assert graph.calls == count // 10 + 1


class RepeatingGraph(FakeGraph):
    """A list that goes on behind its end: with nothing, its last threads, or from the top again."""

    def __init__(self, threads: dict[str, int], kind: str, cursor: str, chance: random.Random):
        super().__init__(threads)
        self.kind, self.cursor, self.chance, self.answers = kind, cursor, chance, 0

    def conversation_batch(self, page_id, *, after=None, **bounds) -> ConversationBatch:
        self.answers += 1
        is_behind = bool(after) and after.startswith("end")
        batch = super().conversation_batch(page_id, after=None if is_behind else after, **bounds)
        if is_behind:
            batch = ConversationBatch(self._behind(batch), None)
        if batch.after is None:
            return replace(batch, after=f"end {self.answers if self.cursor == 'new' else ''}")
        return batch

    def _behind(self, top: ConversationBatch) -> list[Conversation]:
        names = list(self.threads)
        match self.kind:
            case "nothing":
                return []
            case "the top":
                return top.conversations
            case _:
                names = self.chance.choices(names, k=5)
        return [Conversation(name, datetime.fromtimestamp(self.threads[name], UTC)) for name in names]


@given(
    st.integers(0, 2**32),
    st.sampled_from(["nothing", "the top", "any"]),
    st.sampled_from(["same", "new"]),
    st.sampled_from([True, False]),
    st.integers(1, 120),
)
@settings(deadline=None)
def test_endless_list_is_left_unfinished_with_everything_shown(seed, kind, cursor, windows, count):
    chance = random.Random(seed)
    graph = RepeatingGraph(spread("even", count, chance), kind, cursor, chance)
    reader = ListReader.full(INBOX, windows=windows)
    calls = list(read_through(reader, graph, chance=chance))
    shown = {record.id for call in calls if isinstance(call, ListCall) for record in call.value.conversations}
    assert shown == set(graph.threads)
    assert reader.is_unfinished
    assert reader.error is None
    assert not reader.is_over
    endless = [call for call in calls if isinstance(call, ListCall) and call.endless]
    assert endless
    assert len(calls) <= (count + 9) * (1 + windows) + 21 * len(endless)


def test_repeated_cursor_with_new_threads_is_progress():
    class SameCursor(FakeGraph):
        def conversation_batch(self, *arguments, **bounds):
            self.calls += 1
            return ConversationBatch([Conversation(f"t_{self.calls}")], "A" if self.calls < 50 else None)

    reader, graph = ListReader.full(INBOX), SameCursor({})
    list(read_through(reader, graph, chance=random.Random(1)))
    assert (graph.calls, reader.is_over) == (50, True)
