"""The charts of one run, beside docs/benchmarks.md."""

from collections.abc import Iterator
from itertools import product

from .cases import REPLACED, SCALED, UNLIMITED, Options, Results
from .charts import Bar, Steps, bars, steps
from .facebook import Speed
from .goals import fastest_node, ratios
from .measure import Sample, Spread

LATENCIES = ((SCALED, "with-latency", "with latency"), (UNLIMITED, "without-latency", "without latency"))


def sync_bars(results: Results, size: int, speed: Speed) -> Iterator[Bar]:
    after = results.of("sync", size, speed, "after", "first")
    for engine in ("before", "after", "ours"):
        samples = results.of("sync", size, speed, engine, "first")
        if samples:
            name, kind = ("Inbox", "ours") if engine not in REPLACED else (engine, "theirs")
            note = f"{ratios(after, samples).median:.1f} times faster" if engine == "ours" and after else ""
            yield make_bar(name, samples, kind, note)
    limit = results.of("write", size, "copy_limit")
    if limit and not speed.is_limited:
        yield make_bar("COPY of the rows alone", limit, "limit")


def process_bars(results: Results, size: int, speed: Speed) -> Iterator[Bar]:
    labels = {"node before": "before, Node", "node after": "after, Node"}
    labels |= {"node after, prefetching": "prefetching, Node", "ours": "Inbox"}
    after = fastest_node(results, size, speed)
    for engine, label in labels.items():
        samples = results.of("process", size, speed, engine)
        if samples:
            is_ours = engine == "ours"
            note = f"{ratios(after, samples).median:.1f} times faster" if is_ours and after else ""
            yield make_bar(label, samples, "ours" if is_ours else "theirs", note)


def make_bar(label: str, samples: list[Sample], kind: str, note: str = "") -> Bar:
    seconds = Spread.of([sample.seconds for sample in samples])
    return Bar(label, seconds.median, seconds.minimum, seconds.maximum, kind, note)


def call_curves(results: Results, size: int) -> Iterator[Steps]:
    for engine in ("before", "after", "ours"):
        samples = results.of("sync", size, SCALED, engine, "first")
        if samples:
            name, kind = ("Inbox", "ours") if engine not in REPLACED else (engine, "theirs")
            yield Steps(name, samples[0].call_times, kind)
    ours = results.of("sync", size, SCALED, "ours", "first")
    if ours:
        number = len(ours[0].call_times)
        yield Steps("20 calls per second", [n / SCALED.calls_per_second for n in range(number)], "limit")


BARS = (("", "First sync", sync_bars), ("processes-", "Whole processes: first sync", process_bars))


def all_charts(results: Results, options: Options) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield (file name, (title, SVG)) for each chart that has samples."""
    size = max(options.sizes)
    for (prefix, subject, bars_of), (speed, name, latency) in product(BARS, LATENCIES):
        values = list(bars_of(results, size, speed))
        if values:
            title = f"{subject} of {size:,} conversations of {options.messages} messages, {latency}"
            yield f"{prefix}{name}", (title, bars(title, "s", values))
    curves = list(call_curves(results, size))
    if curves:
        title = f"Calls to Facebook during a sync of {size:,} conversations, with latency"
        yield "calls", (title, steps(title, "s", curves))
