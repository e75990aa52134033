"""What is measured, in which order. Rounds are interleaved: each engine once, then each once more."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from .cluster import TEMPLATE, Cluster
from .facebook import Facebook, Pace, World, facebook
from .measure import EngineFailure, Sample, measure, measure_together

Key = tuple[Any, ...]
Tell = Callable[[str], None]

FREE = Pace(0, 0)
SCALED = Pace(0.1, 20)  # a tenth of the latency, ten times the calls
SCALED_UNCUT = replace(SCALED, updated_ms="ignored")
REAL = Pace(1, 2)
LEAN = ("before", "after")  # they make their own tables
THEIRS = ("messenger_conversations", "contact_interaction_events")
OURS = ("conversations_conversation", "conversations_interactionevent")


@dataclass(frozen=True)
class Options:
    sizes: tuple[int, ...] = (1_000, 10_000)
    messages: int = 25
    rounds: int = 3
    everything: bool = False
    only: tuple[str, ...] = ()
    profile: bool = False
    pace_conversations: int = 2_000
    pages: tuple[int, int, int] = (20, 500, 5)  # Pages, conversations of each, messages of each
    memory: tuple[int, int] = (10_000, 100_000)

    def includes(self, part: str) -> bool:
        return part in self.only if self.only else part != "memory" or self.everything


@dataclass
class Results:
    samples: dict[Key, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)

    def add(self, sample: Sample, *key: Any) -> None:
        self.samples[key].append(sample)

    def of(self, *key: Any) -> list[Sample]:
        return self.samples.get(key, [])


@dataclass
class Bench:
    cluster: Cluster
    options: Options
    results: Results
    tell: Tell

    def run(self) -> None:
        parts = {
            "sync": self.syncs,
            "write": self.writing,
            "pace": self.real_pace,
            "pages": self.many_pages,
            "memory": self.memory,
        }
        for name, part in parts.items():
            if self.options.includes(name):
                with self.kept_going(name):
                    part()

    @contextmanager
    def kept_going(self, label: str) -> Iterator[None]:
        """What fails does not cost what else was measured: it is told, and told again on the page."""
        try:
            yield
        except (EngineFailure, AssertionError) as failure:
            lines = str(failure).strip().splitlines() or ["for no reason given"]
            self.results.failures.append(f"{label}: {lines[-1]}")
            self.tell(f"{label} failed:\n{failure}")

    # -- (a), (b) and (c) side by side ----------------------------------------------------------------------

    def syncs(self) -> None:
        for size in self.options.sizes:
            with facebook(World(size, self.options.messages)) as server:
                for number in range(self.options.rounds):
                    for engine, pace in self.journeys(number):
                        with self.kept_going(f"{size:,} {engine} {words(pace)}"):
                            self.journey(server, engine, pace, size, number)

    def journeys(self, number: int) -> Iterator[tuple[str, Pace]]:
        for pace in (FREE, SCALED):
            for engine in ("before", "after", "ours"):
                yield engine, pace
        if number == 0 or self.options.everything:
            yield "ours", SCALED_UNCUT

    def journey(self, server: Facebook, engine: str, pace: Pace, size: int, number: int) -> None:
        """A first sync, and again where nothing and where a hundredth has changed."""
        database = "bench_theirs" if engine in LEAN else "bench_ours"
        self.cluster.create(database, "template0" if engine in LEAN else TEMPLATE)
        server.begin(pace)
        expected = size * self.options.messages

        def step(kind: str, events: int | None) -> None:
            sample = self.measured(f"{size:,} {engine} {words(pace)}, {kind}", server, engine, database, pace)
            assert events is None or sample.events == events, (engine, kind, sample.events, events)
            self.results.add(sample, "sync", size, pace, engine, kind)

        step("first", expected)
        self.check(engine, database, size, expected)
        if engine == "ours" or (number == 0 and (engine == "after" or self.options.everything)):
            step("unchanged", 0 if engine == "ours" else None)
            new = server.change(max(1, size // 100))
            step("changed", new if engine == "ours" else None)

    def check(self, engine: str, database: str, size: int, events: int) -> None:
        """What is in the tables, whatever the engine says."""
        tables = THEIRS if engine in LEAN else OURS
        found = [self.cluster.count(database, table) for table in tables]
        assert found == [size, events], f"{engine} stored {found}, not {[size, events]}"

    def measured(
        self, label: str, server: Facebook, engine: str, database: str, pace: Pace, **task: Any
    ) -> Sample:
        task["profile"] = self.options.profile and engine not in LEAN
        sample = measure(self.cluster, server, engine, database, pace, **task)
        self.tell(f"{label}: {sample.seconds:.2f} s")
        if sample.profile:
            self.tell(sample.profile)
        return sample

    # -- (d) the limit of writing ---------------------------------------------------------------------------

    def writing(self) -> None:
        size = max(self.options.sizes)
        with facebook(World(size, self.options.messages)) as server:
            source = self.source(server)
            for _ in range(self.options.rounds):
                for engine in ("copy_limit", "write_path", "write_bare"):
                    self.cluster.create("bench_ours", TEMPLATE)
                    label = f"{size:,} {engine.replace('_', ' ')}"
                    sample = self.measured(label, server, engine, "bench_ours", FREE, source_url=source)
                    assert sample.events == size * self.options.messages, sample.events
                    self.results.add(sample, "write", size, engine)
            self.cluster.drop("bench_source")

    def source(self, server: Facebook) -> str:
        """A database with the rows that are to be copied."""
        self.cluster.create("bench_source", TEMPLATE)
        server.begin(FREE)
        measure(self.cluster, server, "ours", "bench_source", FREE)
        return self.cluster.url("bench_source")

    # -- Facebook's own pace --------------------------------------------------------------------------------

    def real_pace(self) -> None:
        size = self.options.pace_conversations
        with facebook(World(size, self.options.messages)) as server:
            for _ in range(self.options.rounds if self.options.everything else 1):
                for engine in ("after", "ours") if self.options.everything else ("ours",):
                    database = "bench_theirs" if engine in LEAN else "bench_ours"
                    self.cluster.create(database, "template0" if engine in LEAN else TEMPLATE)
                    server.begin(REAL)
                    label = f"{size:,} {engine} at 2 calls a second"
                    self.results.add(
                        self.measured(label, server, engine, database, REAL), "pace", size, engine
                    )

    # -- many Pages -----------------------------------------------------------------------------------------

    def many_pages(self) -> None:
        number, size, messages = self.options.pages
        with facebook(World(size, messages, number)) as server:
            for _ in range(self.options.rounds):
                for page in (server.pages[0], server.pages[number // 2], server.pages[-1]):
                    self.together(server, "one alone", [[page]])
                self.together(server, "side by side", [server.pages])
                self.together(server, "two processes", [server.pages[::2], server.pages[1::2]])

    def together(self, server: Facebook, kind: str, shares: Sequence[list[dict[str, str]]]) -> None:
        _, size, messages = self.options.pages
        self.cluster.create("bench_ours", TEMPLATE)
        server.begin(REAL)
        sample = measure_together(self.cluster, server, "ours", "bench_ours", REAL, shares, command=True)
        assert sample.events == sum(map(len, shares)) * size * messages, sample.events
        self.tell(f"Pages, {kind}: {sample.seconds:.2f} s")
        self.results.add(sample, "pages", kind)

    # -- memory ---------------------------------------------------------------------------------------------

    def memory(self) -> None:
        messages = self.options.pages[2]
        for size in self.options.memory:
            with facebook(World(size, messages)) as server:
                self.cluster.create("bench_ours", TEMPLATE)
                server.begin(FREE)
                label = f"{size:,} x {messages} in memory"
                sample = self.measured(label, server, "ours", "bench_ours", FREE, command=True)
                self.check("ours", "bench_ours", size, size * messages)
                self.results.add(sample, "memory", size)


def words(pace: Pace) -> str:
    if not pace.is_paced:
        return "without latency"
    return "with latency" if pace.updated_ms == "honoured" else "with latency, no time windows"
