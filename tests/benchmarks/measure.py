"""One measurement: an engine in a process of its own, on a database and a sandbox, and what all used."""

import json
import subprocess
import sys
import tempfile
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import IO, Any

from .cluster import BOOKKEEPING, ROOT, Cluster
from .facebook import Facebook, Pace

FULL_CALL = 100  # conversations
THROTTLED = (4, 32, 613, 80006)


@dataclass(frozen=True)
class Sample:
    seconds: float
    requests: int
    statements: int | None
    rows: int  # written, but for what a sync writes about itself
    bookkeeping: int  # the latter
    client_cpu: float
    server_cpu: float
    peak_mb: float
    events: int  # messages that the engine says it stored
    rate: float | None = None  # calls a second between the first split and the last full call
    refused: int = 0  # calls that came too fast
    busiest: int = 0  # most calls in any second, for one Page
    starts: list[float] = field(default_factory=list)  # of the calls, since the first
    profile: str = ""


class EngineFailure(Exception):
    pass


class Child:
    """An engine that is ready to start."""

    def __init__(
        self, cluster: Cluster, engine: str, database: str, pace: Pace, task: dict[str, Any]
    ) -> None:
        self.engine = engine
        self.words: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the result
        settings = {"GRAPH_API_URL": task["graph_url"], "GRAPH_CALLS_PER_SECOND": str(pace.calls_per_second)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.child", engine],
            cwd=ROOT,
            env=cluster.environment(database) | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.words,
            text=True,
        )
        self._tell(json.dumps(task | {"database_url": cluster.url(database)}))
        self._hear()

    def go(self) -> None:
        self._tell("go")

    def result(self) -> dict[str, Any]:
        used = json.loads(self._hear())
        self.process.wait()
        self.words.close()
        return used

    def _tell(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _hear(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.words.seek(0)
            raise EngineFailure(f"{self.engine} failed:\n{self.words.read()[-4000:]}")
        return line


def measure(
    cluster: Cluster, facebook: Facebook, engine: str, database: str, pace: Pace, **task: Any
) -> Sample:
    return measure_together(cluster, facebook, engine, database, pace, [facebook.pages], **task)


def measure_together(
    cluster: Cluster,
    facebook: Facebook,
    engine: str,
    database: str,
    pace: Pace,
    shares: Sequence[list[dict[str, str]]],
    **task: Any,
) -> Sample:
    """A process for each share of the Pages, all started at once; the time is that of the slowest."""
    tasks = [{"graph_url": facebook.url, "pages": share, **task} for share in shares]
    children = [Child(cluster, engine, database, pace, each) for each in tasks]
    facebook.clear_ledger()
    before = cluster.counters(database, at_the_end=False)
    try:
        for child in children:
            child.go()
        used = [child.result() for child in children]
    finally:
        for child in children:
            child.process.kill()  # where one failed or we are stopped; the others have ended
    spent = cluster.counters(database) - before
    return make_sample(used, spent, facebook.calls())


def make_sample(used: list[dict[str, Any]], spent: Any, calls: list[dict[str, Any]]) -> Sample:
    bookkeeping = sum(number for table, number in spent.rows.items() if table in BOOKKEEPING)
    starts = [call["started"] for call in calls]
    return Sample(
        seconds=max(each["seconds"] for each in used),
        requests=len(calls),
        statements=spent.statements,
        rows=sum(spent.rows.values()) - bookkeeping,
        bookkeeping=bookkeeping,
        client_cpu=sum(each["client_cpu"] for each in used),
        server_cpu=spent.cpu,
        peak_mb=max(each["peak_mb"] for each in used),
        events=sum(each["events"] for each in used),
        rate=rate(calls),
        refused=sum(call["code"] in THROTTLED for call in calls),
        busiest=busiest_second(calls),
        starts=[start - starts[0] for start in starts],
        profile="\n".join(each["profile"] for each in used),
    )


def rate(calls: list[dict[str, Any]]) -> float | None:
    """Calls a second from the first split (the second call that brought something) to the last full one."""
    listed = [call for call in calls if call["conversations"]]
    full = [call["started"] for call in listed if call["conversations"] >= FULL_CALL]
    splits = [call["started"] for call in listed if "updated_before_ms" in call["params"]]
    first = splits[0] if splits else listed[0]["started"] if listed else 0
    if not full or full[-1] <= first:
        return None
    return sum(first < call["started"] <= full[-1] for call in calls) / (full[-1] - first)


def busiest_second(calls: list[dict[str, Any]]) -> int:
    """The most calls that arrived within any second for one Page and platform."""
    most = 0
    for asked in {(call["page_id"], call["platform"]) for call in calls if call["page_id"]}:
        starts = [call["started"] for call in calls if (call["page_id"], call["platform"]) == asked]
        most = max([most, *(bisect_left(starts, start + 1) - n for n, start in enumerate(starts))])
    return most


@dataclass(frozen=True)
class Spread:
    """Median, least and most of some rounds."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        digits = 2 if self.middle < 10 else 1
        middle, least, most = (f"{value:.{digits}f}" for value in (self.middle, self.least, self.most))
        return middle if least == most else f"{middle} ({least}..{most})"
