"""One measurement: runs an engine in its own process and collects what engine, server and sandbox used."""

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
from .facebook import Facebook, Speed

FULL_CALL = 100  # conversations in a full batch
THROTTLED = (4, 32, 613, 80006)


@dataclass(frozen=True)
class Sample:
    seconds: float
    requests: int
    statements: int | None
    rows: int  # written, without the bookkeeping rows
    bookkeeping: int  # rows that a sync writes about itself
    client_cpu: float
    server_cpu: float
    peak_mb: float
    events: int  # messages that the engine reports as stored
    rate: float | None = None  # calls per second between the first split and the last full call
    throttled: int = 0  # calls that were refused because they came too fast
    busiest_second: int = 0  # the most calls in any second, for one Page
    call_times: list[float] = field(default_factory=list)  # seconds since the first call
    profile: str = ""


class EngineFailure(Exception):
    """The process of an engine ended without a result. The message contains its standard error."""


class EngineProcess:
    """The process of an engine that is ready to start."""

    def __init__(
        self, cluster: Cluster, engine: str, database: str, speed: Speed, task: dict[str, Any]
    ) -> None:
        self.engine = engine
        self.errors: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - result() closes it
        settings = {"GRAPH_API_URL": task["graph_url"], "GRAPH_CALLS_PER_SECOND": str(speed.calls_per_second)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.child", engine],
            cwd=task.get("tree", ROOT),
            env=cluster.environment(database) | settings,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self._send(json.dumps(task | {"database_url": cluster.url(database)}))
        self._receive()

    def go(self) -> None:
        self._send("go")

    def result(self) -> dict[str, Any]:
        used = json.loads(self._receive())
        self.process.wait()
        self.errors.close()
        return used

    def _send(self, line: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _receive(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            raise EngineFailure(f"{self.engine} failed:\n{self.errors.read()[-4000:]}")
        return line


def measure(
    cluster: Cluster, facebook: Facebook, engine: str, database: str, speed: Speed, **task: Any
) -> Sample:
    return measure_together(cluster, facebook, engine, database, speed, [facebook.pages], **task)


def measure_together(
    cluster: Cluster,
    facebook: Facebook,
    engine: str,
    database: str,
    speed: Speed,
    shares: Sequence[list[dict[str, str]]],
    **task: Any,
) -> Sample:
    """Start one process per share of the Pages at the same time. The time is that of the slowest."""
    tasks = [{"graph_url": facebook.url, "pages": share, **task} for share in shares]
    processes = [EngineProcess(cluster, engine, database, speed, each) for each in tasks]
    facebook.clear_call_log()
    before = cluster.counters(database, at_end=False)
    try:
        for process in processes:
            process.go()
        used = [process.result() for process in processes]
    finally:
        for process in processes:
            process.process.kill()  # still running only after a failure or an interrupt
    counted = cluster.counters(database) - before
    return make_sample(used, counted, facebook.calls())


def make_sample(used: list[dict[str, Any]], counted: Any, calls: list[dict[str, Any]]) -> Sample:
    bookkeeping = sum(number for table, number in counted.rows.items() if table in BOOKKEEPING)
    starts = [call["started"] for call in calls]
    return Sample(
        seconds=max(each["seconds"] for each in used),
        requests=len(calls),
        statements=counted.statements,
        rows=sum(counted.rows.values()) - bookkeeping,
        bookkeeping=bookkeeping,
        client_cpu=sum(each["client_cpu"] for each in used),
        server_cpu=counted.cpu,
        peak_mb=max(each["peak_mb"] for each in used),
        events=sum(each["events"] for each in used),
        rate=rate(calls),
        throttled=sum(call["code"] in THROTTLED for call in calls),
        busiest_second=busiest_second(calls),
        call_times=[start - starts[0] for start in starts],
        profile="\n".join(each["profile"] for each in used),
    )


def rate(calls: list[dict[str, Any]]) -> float | None:
    """Return the calls per second from the first split of a time window to the last full call.

    Without time windows, it starts with the first call that returned conversations.
    None if there are not two such calls.
    """
    listed = [call for call in calls if call["conversations"]]
    full = [call["started"] for call in listed if call["conversations"] >= FULL_CALL]
    splits = [call["started"] for call in listed if "updated_before_ms" in call["params"]]
    first = splits[0] if splits else listed[0]["started"] if listed else 0
    if not full or full[-1] <= first:
        return None
    return sum(first < call["started"] <= full[-1] for call in calls) / (full[-1] - first)


def busiest_second(calls: list[dict[str, Any]]) -> int:
    """Return the highest number of calls within any second for one Page and platform."""
    most = 0
    for list_key in {(call["page_id"], call["platform"]) for call in calls if call["page_id"]}:
        starts = [call["started"] for call in calls if (call["page_id"], call["platform"]) == list_key]
        most = max([most, *(bisect_left(starts, start + 1) - n for n, start in enumerate(starts))])
    return most


@dataclass(frozen=True)
class Spread:
    """The median, minimum and maximum of several rounds."""

    median: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))

    def __str__(self) -> str:
        digits = 2 if self.median < 10 else 1
        values = (self.median, self.minimum, self.maximum)
        middle, minimum, maximum = (f"{value:.{digits}f}" for value in values)
        return middle if minimum == maximum else f"{middle} ({minimum}..{maximum})"
