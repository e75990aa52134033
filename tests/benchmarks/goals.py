"""The goals of the benchmarks, and whether they are reached."""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from .cases import CALLS, SCALED, UNLIMITED, Options, Results
from .facebook import Speed
from .live import percentile
from .measure import Sample, Spread
from .processes import NODE_AFTER

STARTS = [
    (
        "sync",
        "`manage.py syncconversations` to its first call: at most {} times the import of django.db,"
        " requests and psycopg",
        1.8,
    ),
    (
        "web",
        "a web process to its first answer: at most {} times the import of Django's models and handler,"
        " requests, psycopg and uvicorn",
        2.0,
    ),
]


@dataclass(frozen=True)
class Goal:
    description: str
    measured: str
    is_reached: bool

    @property
    def verdict(self) -> str:
        return "reached" if self.is_reached else "missed"


def goals(results: Results, options: Options) -> Iterator[Goal]:
    """Yield the goals that have samples."""
    yield from of_syncs(results, options)
    yield from of_webhooks(results, options)


def of_syncs(results: Results, options: Options) -> Iterator[Goal]:
    small, large = min(options.sizes), max(options.sizes)
    yield from whole_processes(results, small, large)
    yield from starts(results)
    yield from first_sync(results, large, SCALED, "after", 3.5)
    yield from first_sync(results, large, SCALED, "before", 5)
    yield from first_sync(results, large, UNLIMITED, "after", 1.2)
    yield from first_sync(results, small, SCALED, "after", 1.8)
    yield from writing(results, large)
    yield from later_syncs(results, large)
    yield from real_speed(results, options)
    yield from number_of_calls(results, options)
    yield from many_pages(results, options)
    yield from memory(results, options)


def of_webhooks(results: Results, options: Options) -> Iterator[Goal]:
    sizes, live = options.live, results.live
    limits = [
        (live.door, f"{sizes.door_rate} webhooks a second are answered within", 0.1),
        (live.large, f"one webhook of {sizes.items:,} items is answered within", 0.25),
        (
            live.screen,
            f"{sizes.screen_rate} webhooks a second reach {sizes.readers} readers as events within",
            1,
        ),
    ]
    for seconds, description, limit in limits:
        if seconds:
            measured = percentile(seconds, 0.95)
            goal = f"{description} {1000 * limit:,.0f} ms (95th percentile)"
            yield Goal(goal, f"{1000 * measured:,.0f} ms", measured <= limit)


def median_seconds(samples: list[Sample]) -> float:
    return median(sample.seconds for sample in samples)


def ratios(slow: list[Sample], fast: list[Sample]) -> Spread:
    """Compare round by round, because another load on the machine slows both samples of a round."""
    return Spread.of([a.seconds / b.seconds for a, b in zip(slow, fast, strict=False)])


def first_sync(results: Results, size: int, speed: Speed, other: str, factor: float) -> Iterator[Goal]:
    theirs = results.of("sync", size, speed, other, "first")
    ours = results.of("sync", size, speed, "ours", "first")
    if theirs and ours:
        latency = "with" if speed.is_limited else "without"
        measured = ratios(theirs, ours)
        description = (
            f"{size:,} conversations {latency} latency: at least {factor} times faster than *{other}*"
        )
        yield Goal(description, f"{measured} times", measured.median >= factor)


def whole_processes(results: Results, small: int, large: int) -> Iterator[Goal]:
    """The goals beside *after* in Node, in its faster form."""
    yield from beside_node(results, large, SCALED, "at least 3.3 times faster than", 1 / 3.3)
    yield from beside_node(results, large, UNLIMITED, "no slower than", 1)
    yield from beside_node(results, small, UNLIMITED, "at most 1.3 times as long as", 1.3)
    ours, node = results.of("process", large, UNLIMITED, "ours"), fastest_node(results, large, UNLIMITED)
    if ours and node:
        measured = Spread.of([a.client_cpu / b.client_cpu for a, b in zip(ours, node, strict=False)])
        description = f"whole processes, {large:,} conversations: at most 1.5 times the CPU of Node's *after*"
        yield Goal(description, f"{measured} times", measured.median <= 1.5)


def beside_node(results: Results, size: int, speed: Speed, how: str, limit: float) -> Iterator[Goal]:
    ours, node = results.of("process", size, speed, "ours"), fastest_node(results, size, speed)
    if ours and node:
        latency = "with" if speed.is_limited else "without"
        measured = ratios(ours, node)
        shown = ratios(node, ours) if limit < 1 else measured
        unit = "times faster" if limit < 1 else "times as long"
        description = f"whole processes, {size:,} conversations {latency} latency: {how} Node's *after*"
        yield Goal(description, f"{shown} {unit}", measured.median <= limit)


def fastest_node(results: Results, size: int, speed: Speed) -> list[Sample]:
    """Return the faster of both forms of Node's *after* in each round."""
    forms = [results.of("process", size, speed, form) for form in NODE_AFTER]
    return [min(each, key=lambda sample: sample.seconds) for each in zip(*filter(None, forms), strict=False)]


def starts(results: Results) -> Iterator[Goal]:
    for kind, description, limit in STARTS:
        started, bare = results.starts.get(kind), results.starts.get(f"bare {kind}")
        if started and bare:
            measured = Spread.of([a.seconds / b.seconds for a, b in zip(started, bare, strict=True)])
            yield Goal(description.format(limit), f"{measured} times", measured.median <= limit)
    for kind, what in (("web", "its first answer"), ("web, page", "its first page")):
        started, before = results.starts.get(kind), results.starts.get(f"{kind} before")
        if started and before:
            measured = Spread.of([a.cpu / b.cpu for a, b in zip(started, before, strict=True)])
            description = f"a web process to {what}: at most half the processor time of BEFORE"
            yield Goal(description, f"{measured} times", measured.median <= 0.5)


def writing(results: Results, size: int) -> Iterator[Goal]:
    path, limit = results.of("write", size, "write_path"), results.of("write", size, "copy_limit")
    if path and limit:
        measured = ratios(path, limit)
        description = "the write path alone takes at most 1.5 times as long as a plain COPY of the same rows"
        yield Goal(description, f"{measured} times", measured.median <= 1.5)
    bare = results.of("write", size, "write_bare")
    if path and bare:
        cost = 1 - ratios(bare, path).median
        description = "indexes and counters that only reads need cost at most 20 % of the write rate"
        yield Goal(description, f"{cost:.0%}", cost <= 0.2)


def later_syncs(results: Results, size: int) -> Iterator[Goal]:
    for kind, limit in (("unchanged", 2), ("changed", 3)):
        samples = results.of("sync", size, SCALED, "ours", kind)
        if samples:
            requests = max(sample.requests for sample in samples)
            changes = "nothing" if kind == "unchanged" else "1 %"
            description = f"sync of {size:,} conversations after {changes} changed: at most {limit} requests"
            yield Goal(description, f"{requests}", requests <= limit)
    unchanged = results.of("sync", size, SCALED, "ours", "unchanged")
    if unchanged:
        rows = max(sample.rows for sample in unchanged)
        yield Goal("sync after nothing changed: writes no rows except those of its run", f"{rows}", rows == 0)


def real_speed(results: Results, options: Options) -> Iterator[Goal]:
    samples = results.of("speed", options.real_speed_conversations, "ours")
    if samples:
        rates = [sample.rate or 0 for sample in samples]
        description = (
            "real latency: at least 1.85 calls per second between the first split and the last full call"
        )
        yield Goal(description, f"{Spread.of(rates)}", median(rates) >= 1.85)
        busiest = max(sample.busiest_second for sample in samples)
        yield Goal("real latency: never more than 2 calls in any second", f"{busiest}", busiest <= 2)


def number_of_calls(results: Results, options: Options) -> Iterator[Goal]:
    what = f"real latency, {options.calls:,} conversations, a call bears"
    for kind, most in (("400, known", 45), ("100, silently cut", 110)):
        for sample in results.of("calls", kind):
            yield Goal(
                f"{what} {kind}: at most {most} requests", f"{sample.requests}", sample.requests <= most
            )
    before, fast = results.of("calls", "before"), results.of("calls", "400, known")
    if before and fast:
        measured = ratios(before, fast)
        yield Goal(
            f"{what} 400: at least 2.2 times faster than BEFORE", f"{measured} times", measured.median >= 2.2
        )
    every = [sample for kind in ("before", *CALLS) for sample in results.of("calls", kind)]
    if every:
        busiest = max(sample.busiest_second for sample in every)
        yield Goal(f"{what} any number: never more than 2 calls in any second", f"{busiest}", busiest <= 2)


def pages_of_core(alone: list[Sample], parallel: list[Sample], number: int) -> float:
    """Return how many Pages keep one core busy, because a Python process uses one core."""
    return median_seconds(alone) / median(sample.client_cpu / number for sample in parallel)


def many_pages(results: Results, options: Options) -> Iterator[Goal]:
    alone, parallel = results.of("pages", "alone"), results.of("pages", "one process")
    if alone and parallel:
        ratio = median_seconds(parallel) / max(sample.seconds for sample in alone)
        description = "many Pages in parallel take at most 1.3 times as long as the slowest Page alone"
        yield Goal(description, f"{ratio:.2f} times", ratio <= 1.3)
        pages = pages_of_core(alone, parallel, options.pages[0])
        yield Goal("a core bears at least 50 Pages at full pace", f"{pages:.0f}", pages >= 50)


def memory(results: Results, options: Options) -> Iterator[Goal]:
    small, large = (results.of("memory", size) for size in options.memory)
    if small and large:
        difference = large[0].peak_mb - small[0].peak_mb
        sizes = " and ".join(f"{size:,}" for size in options.memory)
        description = f"peak memory at {sizes} conversations differs by at most 30 MB"
        yield Goal(description, f"{difference:+.0f} MB", difference <= 30)
