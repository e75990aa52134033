"""Writes the part of docs/scale.md about the load, and its charts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.charts import Bar, Curve, bars, lines
from tests.benchmarks.live import percentile, percentiles
from tests.benchmarks.sections import write_section

from .checks import Check, Sync
from .numbers import LISTS, PARTS, Latency, by_slice, growth, latencies, p95
from .samples import Usage
from .sizes import Sizes

LIMITS = (
    ("list", ("list",), 250),
    ("search", ("search",), 250),
    ("search in messages", ("search in messages",), 250),
    ("tag, or its undo,", ("tag", "undo"), 200),
)
GROWTH_MB = 30
LETTERS = 110  # of a statement that are shown


@dataclass(frozen=True)
class Measured:
    """All of one load. `started` and `ended`: Unix time of what is measured, after the warm-up."""

    sizes: Sizes
    started: float
    ended: float
    begun: float  # of the samples of memory
    requests: list[dict[str, Any]]
    loop_delays: list[float]
    usages: dict[str, Usage]
    statements: list[tuple[str, int, float, int]] | None
    waits: list[float]
    checks: list[Check]
    syncs: list[Sync]
    machine: dict[str, str]

    @property
    def seconds(self) -> float:
        return self.ended - self.started


def write(measured: Measured, folder: Path) -> str:
    """Write the section and its charts. Return the section."""
    charts = folder / "scale"
    charts.mkdir(exist_ok=True)
    for name, drawing in drawings(measured):
        (charts / f"{name}.svg").write_text(drawing)
    section = "\n".join(text(measured))
    write_section(folder / "scale.md", "load", section)
    return section


def drawings(measured: Measured) -> Iterator[tuple[str, str]]:
    memory = [
        Curve(name, measured.usages[name].memory, kind)
        for name, kind in (("web", "ours"), ("worker", "limit"))
    ]
    yield "load-memory", lines("Memory of the web process and the worker", "s", "MB", memory)
    curves = [
        Curve(label, list(by_slice(measured.requests, measured.started, *kinds)), kind)
        for label, kinds, kind in (
            ("lists", ("list",), "ours"),
            ("searches", LISTS[1:], "theirs"),
            ("tags", ("tag", "undo"), "limit"),
        )
    ]
    title = "95th percentile of lists and tags, of each 10 seconds"
    yield "load-latency", lines(title, "s", "ms", [curve for curve in curves if curve.points])
    used = [
        Bar(name, usage.used, usage.used, usage.used, "theirs" if name in ("locust", "sandbox") else "ours")
        for name, usage in measured.usages.items()
    ]
    yield "load-processors", bars("Processor time", "s", used)


def text(measured: Measured) -> Iterator[str]:
    sizes = measured.sizes
    yield (
        f"`make load` wrote this part. {sizes.minutes:g} minutes, of which the first {sizes.warm_up:g} seconds are not"
        f" measured: {sizes.staff} staff on {sizes.conversations:,} conversations with pauses of"
        f" {0.4 * sizes.pause:g} to {1.6 * sizes.pause:g} seconds,"
        f" {sizes.streams} event streams, {sizes.webhooks} webhooks a second, and first syncs of {sizes.syncs} Pages of"
        f" {sizes.synced_conversations:,} conversations of {sizes.messages} messages at Facebook's pace, started at a"
        " tenth of the time. One web process, one worker, PostgreSQL, the sandbox and locust share the machine."
    )
    yield ""
    yield from table("machine", "", rows=measured.machine.items())
    yield from table("goal", "measured", "", rows=goals(measured))
    yield "![95th percentile of lists and tags](scale/load-latency.svg)"
    yield ""
    yield from latency_part(measured)
    yield from processor_part(measured)
    yield from memory_part(measured)
    yield from statement_part(measured)


def goals(measured: Measured) -> Iterator[tuple[str, str, str]]:
    for what, kinds, limit in LIMITS:
        value = p95(measured.requests, *kinds)
        number = sum(row["kind"] in kinds for row in measured.requests)
        yield (
            f"a {what} takes at most {limit} ms (95th percentile)",
            f"{value:,.0f} ms of {number:,}",
            verdict(value <= limit),
        )
    failed = sum(row["status"] >= 500 or row["status"] == 429 for row in measured.requests)
    yield "no request is refused or fails", f"{failed} of {len(measured.requests):,}", verdict(not failed)
    for check in measured.checks:
        yield check.what, check.found, verdict(check.is_met)
    for name in ("web", "worker"):
        early, late = growth_of(measured, name)
        what = f"memory of the {name} grows by at most {GROWTH_MB} MB from the second quarter to the last"
        yield what, f"{late - early:+.0f} MB ({early:.0f} to {late:.0f})", verdict(late - early <= GROWTH_MB)


def growth_of(measured: Measured, name: str) -> tuple[float, float]:
    memory, begun = measured.usages[name].memory, measured.begun
    return growth(memory, measured.started - begun, measured.ended - begun)


def verdict(is_met: bool) -> str:
    return "reached" if is_met else "**missed**"


def table(*names: str, rows: Any) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
    yield ""


# -- where the time goes -----------------------------------------------------------------------------------
def latency_part(measured: Measured) -> Iterator[str]:
    yield (
        "Milliseconds in the server, from the head of a request to the end of its answer, and the mean of their parts:"
        " *queue* before the request has its thread; *lock*: the wait for the lock of a Page, which one writer holds at a time,"
        " with the change of rows that is sent together with it;"
        " *SQL*: all other statements, by the clock, with the wait for the thread's turn afterwards;"
        " *processor* of the thread; *waited* in the thread for its turn and for a connection of the pool; *after*, until"
        " the event loop has sent the answer."
    )
    yield ""
    heads = (
        "request",
        "number",
        "p50",
        "p95",
        "p99",
        "most",
        *("SQL" if part == "sql" else part for part in PARTS),
    )
    yield from table(*heads, "statements", rows=map(latency_row, latencies(measured.requests)))
    during = [
        row
        for row in measured.requests
        if measured.started <= row["at"] <= measured.started + sync_seconds(measured)
    ]
    yield (
        f"While the first syncs ran, which took {seconds_of(measured.syncs)} s, the 95th percentile of a list was"
        f" {p95(during, 'list'):,.0f} ms. The event loop of the web process was late by {percentiles(measured.loop_delays)}."
        + (
            f" From the POST of a webhook to the event at a stream: {percentiles(measured.waits)}."
            if measured.waits
            else ""
        )
    )
    yield ""


def sync_seconds(measured: Measured) -> float:
    """Seconds after the warm-up in which syncs ran."""
    return measured.sizes.seconds * 0.1 + max((sync.seconds for sync in measured.syncs), default=0.0)


def seconds_of(syncs: list[Sync]) -> str:
    seconds = [sync.seconds for sync in syncs]
    return f"{min(seconds, default=0):.0f} to {max(seconds, default=0):.0f}"


def latency_row(one: Latency) -> tuple[str, ...]:
    numbers = (f"{value:,.0f}" for value in (one.p50, one.p95, one.p99, one.maximum))
    parts = (f"{one.parts[part]:,.1f}" if one.parts else "" for part in PARTS)
    return (one.kind, f"{one.number:,}", *numbers, *parts, f"{one.statements:.1f}" if one.parts else "")


def processor_part(measured: Measured) -> Iterator[str]:
    yield "![Processor time of each process](scale/load-processors.svg)"
    yield ""
    rows = (
        (name, f"{usage.used:,.1f}", f"{100 * usage.used / measured.seconds:.0f} %")
        for name, usage in measured.usages.items()
    )
    yield from table("process", "processor s", "of one core", rows=rows)
    yield (
        "*sandbox* and *locust* are not part of an installation: at Facebook and on the machines of staff they take none"
        " of these cores."
    )
    yield ""


def memory_part(measured: Measured) -> Iterator[str]:
    yield "![Memory of the web process and the worker](scale/load-memory.svg)"
    yield ""
    for name in ("web", "worker"):
        values = [mb for _, mb in measured.usages[name].memory]
        if values:
            yield f"- {name}: {percentile(values, 0.5):,.0f} MB (median), at most {max(values):,.0f} MB."
    yield ""


def statement_part(measured: Measured) -> Iterator[str]:
    if measured.statements is None:
        yield "The server has no pg_stat_statements, so statements were not measured."
        yield ""
        return
    yield "The statements that took most of PostgreSQL's time, by its clock:"
    yield ""
    rows = (
        (
            f"{seconds:,.1f}",
            f"{calls:,}",
            f"{1000 * seconds / calls:,.2f}",
            f"{number:,}",
            f"`{short(query)}`",
        )
        for query, calls, seconds, number in measured.statements
    )
    yield from table("s", "calls", "ms a call", "rows", "statement", rows=rows)


def short(query: str) -> str:
    words = " ".join(query.split()).replace("|", "¦").replace("`", "'")
    return words if len(words) <= LETTERS else f"{words[:LETTERS]}…"
