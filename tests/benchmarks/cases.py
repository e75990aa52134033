"""Runs all measurements. Rounds are interleaved: every engine once, then every engine again."""

import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from .cluster import ROOT, TEMPLATE, Cluster
from .facebook import Facebook, Speed, World, facebook
from .live import Live, LiveSizes, measure_live
from .measure import EngineFailure, Sample, measure, measure_together
from .processes import NODE_ENGINES, connect_page, measure_process, why_no_node
from .starts import SYNC_IMPORTS, WEB_IMPORTS, Start, bare_imports, start_of_sync, start_of_web

Key = tuple[Any, ...]
Log = Callable[[str], None]

UNLIMITED = Speed(0, 0)
SCALED = Speed(0.1, 20)  # a tenth of the latency, ten times as many calls per second
SCALED_WITHOUT_WINDOWS = replace(SCALED, updated_ms="ignored")
REAL = Speed(1, 2)
# How many conversations a call of the sandbox bears, and whether `checkpage` has found that out before.
CALLS = {
    "400, known": (replace(REAL, max_limit=400), True),
    "400": (replace(REAL, max_limit=400), False),
    "100, silently cut": (replace(REAL, max_limit=100), False),
    "100, more is refused": (replace(REAL, max_weight=100 * 26), False),
}
REPLACED = ("before", "after")  # these engines create their own tables
REPLACED_TABLES = ("messenger_conversations", "contact_interaction_events")
INBOX_TABLES = ("conversations_conversation", "conversations_interactionevent")


@dataclass(frozen=True)
class Options:
    sizes: tuple[int, ...] = (1_000, 10_000)
    messages: int = 25
    rounds: int = 3
    everything: bool = False
    speeds: tuple[Speed, ...] = (UNLIMITED, SCALED)  # of the comparisons of engines
    only: tuple[str, ...] = ()
    profile: bool = False
    real_speed_conversations: int = 2_000
    calls: int = 10_000  # conversations of the case that counts calls
    pages: tuple[int, int, int] = (20, 500, 5)  # Pages, conversations per Page, messages per conversation
    memory: tuple[int, int] = (10_000, 100_000)  # conversations of the two runs
    live: LiveSizes = field(default_factory=LiveSizes)

    def includes(self, part: str) -> bool:
        return part in self.only if self.only else part != "memory" or self.everything


@dataclass
class Results:
    samples: dict[Key, list[Sample]] = field(default_factory=lambda: defaultdict(list))
    starts: dict[str, list[Start]] = field(default_factory=lambda: defaultdict(list))
    live: Live = field(default_factory=Live)
    failures: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # what was not measured here, and why

    def add(self, sample: Sample, *key: Any) -> None:
        self.samples[key].append(sample)

    def of(self, *key: Any) -> list[Sample]:
        return self.samples.get(key, [])


@dataclass
class Bench:
    cluster: Cluster
    options: Options
    results: Results
    log: Log

    def run(self) -> None:
        parts = {
            "process": self.processes,
            "start": self.starts,
            "sync": self.syncs,
            "write": self.writing,
            "speed": self.real_speed,
            "calls": self.number_of_calls,
            "pages": self.many_pages,
            "live": self.webhooks,
            "memory": self.memory,
        }
        for name, part in parts.items():
            if self.options.includes(name):
                with self.record_failures(name):
                    part()

    @contextmanager
    def record_failures(self, label: str) -> Iterator[None]:
        """Report a failure at once and in the document, and go on with the other measurements."""
        try:
            yield
        except (EngineFailure, AssertionError) as failure:
            lines = str(failure).strip().splitlines() or ["no reason given"]
            self.results.failures.append(f"{label}: {lines[-1]}")
            self.log(f"{label} failed:\n{failure}")

    # -- syncs ----------------------------------------------------------------------------------------------

    def syncs(self) -> None:
        for size in self.options.sizes:
            with facebook(World(size, self.options.messages)) as server:
                for number in range(self.options.rounds):
                    for engine, speed in self.sync_cases(number):
                        with self.record_failures(f"{size:,} {engine} {describe(speed)}"):
                            self.measure_syncs(server, engine, speed, size, number)

    def sync_cases(self, number: int) -> Iterator[tuple[str, Speed]]:
        for speed in self.options.speeds:
            for engine in ("before", "after", "ours"):
                yield engine, speed
        if number == 0 or self.options.everything:
            yield "ours", SCALED_WITHOUT_WINDOWS

    def measure_syncs(self, server: Facebook, engine: str, speed: Speed, size: int, number: int) -> None:
        """Measure a first sync, one after no changes and one after 1 % of the conversations changed."""
        database = "bench_replaced" if engine in REPLACED else "bench_inbox"
        self.cluster.create(database, "template0" if engine in REPLACED else TEMPLATE)
        server.restart(speed)
        expected = size * self.options.messages

        def step(kind: str, events: int | None) -> None:
            sample = self.measure_engine(
                f"{size:,} {engine} {describe(speed)}, {kind}", server, engine, database, speed
            )
            assert events is None or sample.events == events, (engine, kind, sample.events, events)
            self.results.add(sample, "sync", size, speed, engine, kind)

        step("first", expected)
        self.check_rows(engine, database, size, expected)
        if engine == "ours" or (number == 0 and (engine == "after" or self.options.everything)):
            step("unchanged", 0 if engine == "ours" else None)
            new = server.change(max(1, size // 100))
            step("changed", new if engine == "ours" else None)

    def check_rows(self, engine: str, database: str, size: int, events: int) -> None:
        """Count the rows in the tables instead of trusting the result of the engine."""
        tables = REPLACED_TABLES if engine in (*REPLACED, *NODE_ENGINES) else INBOX_TABLES
        counts = [self.cluster.count(database, table) for table in tables]
        assert counts == [size, events], f"{engine} stored {counts}, not {[size, events]}"

    def measure_engine(
        self, label: str, server: Facebook, engine: str, database: str, speed: Speed, **task: Any
    ) -> Sample:
        task["profile"] = self.options.profile and engine not in REPLACED
        sample = measure(self.cluster, server, engine, database, speed, **task)
        self.log(f"{label}: {sample.seconds:.2f} s")
        if sample.profile:
            self.log(sample.profile)
        return sample

    # -- whole processes ------------------------------------------------------------------------------------

    def processes(self) -> None:
        engines = ["ours", *self.node_engines()]
        for size in self.options.sizes:
            with facebook(World(size, self.options.messages)) as server:
                for _ in range(self.options.rounds):
                    for engine, speed in ((e, s) for s in self.options.speeds for e in engines):
                        with self.record_failures(f"process, {size:,} {engine} {describe(speed)}"):
                            self.measure_process(server, engine, speed, size)

    def node_engines(self) -> list[str]:
        if reason := why_no_node():
            self.results.skipped.append(f"The replaced application in Node was not measured: {reason}.")
            self.log(self.results.skipped[-1])
            return []
        return list(NODE_ENGINES)

    def measure_process(self, server: Facebook, engine: str, speed: Speed, size: int) -> None:
        """Measure a first sync from the start of its process to its end."""
        database = "bench_inbox" if engine == "ours" else "bench_replaced"
        self.cluster.create(database, TEMPLATE if engine == "ours" else "template0")
        if engine == "ours":
            connect_page(self.cluster, server, database)
        server.restart(speed)
        sample = measure_process(self.cluster, server, engine, database, speed)
        events = size * self.options.messages
        assert sample.events == events, (engine, sample.events, events)
        self.check_rows(engine, database, size, events)
        self.log(f"process, {size:,} {engine} {describe(speed)}: {sample.seconds:.2f} s")
        self.results.add(sample, "process", size, speed, engine)

    # -- webhooks -------------------------------------------------------------------------------------------

    def webhooks(self) -> None:
        self.results.live = measure_live(self.cluster, self.options.live, self.options.rounds, self.log)

    # -- starts ---------------------------------------------------------------------------------------------

    def starts(self) -> None:
        with facebook(World(1, 1)) as server, tree_of_before() as tree:
            for database in ("bench_web", "bench_inbox"):  # no Page is connected in the first
                self.cluster.create(database, TEMPLATE)
            connect_page(self.cluster, server, "bench_inbox")
            cases: dict[str, Callable[[], Start]] = {
                "bare sync": lambda: bare_imports(self.cluster, "bench_web", SYNC_IMPORTS),
                "sync": lambda: start_of_sync(self.cluster, server, "bench_inbox"),
                "bare web": lambda: bare_imports(self.cluster, "bench_web", WEB_IMPORTS),
                "web": lambda: start_of_web(self.cluster, "bench_web", "/healthz"),
                "web, page": lambda: start_of_web(self.cluster, "bench_web", "/login"),
            }
            if tree:
                before = {"web": "/healthz", "web, page": "/login"}
                cases |= {
                    f"{kind} before": partial(start_of_web, self.cluster, "bench_web", path, tree)
                    for kind, path in before.items()
                }
            for _ in range(self.options.rounds**2):  # they are short, and a median of three would vary
                for name, case in cases.items():
                    self.results.starts[name].append(case())
        for name, samples in self.results.starts.items():
            self.log(f"start, {name}: {min(sample.seconds for sample in samples):.2f} s")

    # -- writing --------------------------------------------------------------------------------------------

    def writing(self) -> None:
        size = max(self.options.sizes)
        with facebook(World(size, self.options.messages)) as server:
            source = self.fill_source(server)
            for _ in range(self.options.rounds):
                for engine in ("copy_limit", "write_path", "write_bare"):
                    self.cluster.create("bench_inbox", TEMPLATE)
                    label = f"{size:,} {engine.replace('_', ' ')}"
                    sample = self.measure_engine(
                        label, server, engine, "bench_inbox", UNLIMITED, source_url=source
                    )
                    assert sample.events == size * self.options.messages, sample.events
                    self.results.add(sample, "write", size, engine)
            self.cluster.drop("bench_source")

    def fill_source(self, server: Facebook) -> str:
        """Create a database with the rows to copy and return its URL."""
        self.cluster.create("bench_source", TEMPLATE)
        server.restart(UNLIMITED)
        measure(self.cluster, server, "ours", "bench_source", UNLIMITED)
        return self.cluster.url("bench_source")

    # -- the real speed of Facebook -------------------------------------------------------------------------

    def real_speed(self) -> None:
        size = self.options.real_speed_conversations
        with facebook(World(size, self.options.messages)) as server:
            for _ in range(self.options.rounds if self.options.everything else 1):
                for engine in ("after", "ours") if self.options.everything else ("ours",):
                    database = "bench_replaced" if engine in REPLACED else "bench_inbox"
                    self.cluster.create(database, "template0" if engine in REPLACED else TEMPLATE)
                    server.restart(REAL)
                    label = f"{size:,} {engine} at 2 calls per second"
                    self.results.add(
                        self.measure_engine(label, server, engine, database, REAL), "speed", size, engine
                    )

    def number_of_calls(self) -> None:
        """Measure a first sync by how many conversations a call bears, with BEFORE=… also of that commit."""
        size = self.options.calls
        with facebook(World(size, self.options.messages)) as server, tree_of_before() as tree:
            if tree:
                self.measure_calls(server, "before", REAL, is_checked=False, tree=str(tree))
            for kind, (speed, is_checked) in CALLS.items():
                self.measure_calls(server, kind, speed, is_checked=is_checked)

    def measure_calls(
        self, server: Facebook, kind: str, speed: Speed, *, is_checked: bool, **task: Any
    ) -> None:
        database, size = "bench_inbox", self.options.calls
        self.cluster.create(database, TEMPLATE)
        server.restart(speed)
        connect_page(self.cluster, server, database)
        if is_checked:
            self.cluster.manage(
                database, "checkpage", server.pages[0]["id"], "--json", GRAPH_API_URL=server.url
            )
        sample = self.measure_engine(f"{size:,}, {kind}", server, "ours", database, speed, **task)
        self.check_rows("ours", database, size, size * self.options.messages)
        self.results.add(sample, "calls", kind)

    # -- many Pages -----------------------------------------------------------------------------------------

    def many_pages(self) -> None:
        """Measure syncs of one Page and of many, with BEFORE=… also of that commit."""
        number, size, messages = self.options.pages
        with facebook(World(size, messages, number)) as server, tree_of_before() as tree:
            for _ in range(self.options.rounds):
                for page in (server.pages[0], server.pages[number // 2], server.pages[-1]):
                    self.measure_pages(server, "alone", [[page]])
                self.measure_pages(server, "one process", [server.pages])
                self.measure_pages(server, "two processes", [server.pages[::2], server.pages[1::2]])
                if tree:
                    self.measure_pages(server, "before", [server.pages], tree=str(tree))

    def measure_pages(
        self, server: Facebook, kind: str, shares: Sequence[list[dict[str, str]]], **task: Any
    ) -> None:
        _, size, messages = self.options.pages
        self.cluster.create("bench_inbox", TEMPLATE)
        server.restart(REAL)
        sample = measure_together(
            self.cluster, server, "ours", "bench_inbox", REAL, shares, command=True, **task
        )
        assert sample.events == sum(map(len, shares)) * size * messages, sample.events
        self.log(f"Pages, {kind}: {sample.seconds:.2f} s")
        self.results.add(sample, "pages", kind)

    # -- memory ---------------------------------------------------------------------------------------------

    def memory(self) -> None:
        messages = self.options.pages[2]
        for size in self.options.memory:
            with facebook(World(size, messages)) as server:
                self.cluster.create("bench_inbox", TEMPLATE)
                server.restart(UNLIMITED)
                label = f"{size:,} x {messages} in memory"
                sample = self.measure_engine(label, server, "ours", "bench_inbox", UNLIMITED, command=True)
                self.check_rows("ours", "bench_inbox", size, size * messages)
                self.results.add(sample, "memory", size)


@contextmanager
def tree_of_before() -> Iterator[Path | None]:
    """Check out the commit that the environment variable BEFORE names, if any."""
    before = os.environ.get("BEFORE")
    if not before:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        git = ("git", "-C", str(ROOT), "worktree")
        subprocess.run([*git, "add", "--detach", str(tree), before], check=True, capture_output=True)
        try:
            yield tree
        finally:
            subprocess.run([*git, "remove", "--force", str(tree)], check=True, capture_output=True)


def describe(speed: Speed) -> str:
    if not speed.is_limited:
        return "without latency"
    return "with latency" if speed.updated_ms == "honoured" else "with latency, no time windows"
