"""Tables of syncs, and of their writing alone."""

from collections.abc import Iterator

from tests.benchmarks.cases import SCALED, SCALED_WITHOUT_WINDOWS, UNLIMITED, Options, Results
from tests.benchmarks.facebook import Speed
from tests.benchmarks.goals import ratios
from tests.benchmarks.measure import Sample

from .cells import NAMES, resources, spread, table, times_faster, whole

KINDS = {"first": "first sync", "unchanged": "nothing changed", "changed": "1 % changed"}
LATENCY = """\
By default, a response of the sandbox takes 0.3 s, plus 4 ms per conversation and 0.4 ms per message, and the
documentation of Facebook allows 2 calls per second. *With latency* means a tenth of that latency and 20 calls
per second, so that everything else has ten times its real share of the time.
"""
REPLACED_SYNCS_AGAIN = """\
The description of the replaced application has no incremental sync. It reads all conversations again, and
because it has no unique key it stores every message again. Inbox requests only what changed.
"""
HEAD = [
    "", "", "seconds", "times faster than before", "than after", "requests", "statements", "rows",
    "own rows", "client CPU s", "server CPU s", "peak MB", "calls/s", "most calls in 1 s",
]  # fmt: skip


def syncs(results: Results, options: Options) -> Iterator[str]:
    for speed in (SCALED, UNLIMITED):
        for size in sorted(options.sizes, reverse=True):
            if not results.of("sync", size, speed, "ours", "first"):
                continue
            latency = "with latency" if speed.is_limited else "without latency"
            yield f"## {size:,} conversations of {options.messages} messages, {latency}\n"
            if speed.is_limited and size == max(options.sizes):
                yield LATENCY
            yield from table(HEAD, list(sync_rows(results, size, speed)))
            if speed.is_limited and size == max(options.sizes):
                yield REPLACED_SYNCS_AGAIN


def sync_rows(results: Results, size: int, speed: Speed) -> Iterator[list[str]]:
    engines = [("before", speed), ("after", speed), ("ours", speed)]
    if speed == SCALED:
        engines.append(("ours", SCALED_WITHOUT_WINDOWS))
    for kind, description in KINDS.items():
        for engine, engine_speed in engines:
            samples = results.of("sync", size, engine_speed, engine, kind)
            if samples:
                name = NAMES[engine, engine_speed.updated_ms == "honoured"]
                factors = [
                    times_faster(results.of("sync", size, speed, other, kind), samples)
                    for other in ("before", "after")
                ]
                yield [description, name, spread(samples, "seconds"), *factors, *resources(samples)]


def writing(results: Results, options: Options) -> Iterator[str]:
    size = max(options.sizes)
    limit, path = results.of("write", size, "copy_limit"), results.of("write", size, "write_path")
    bare = results.of("write", size, "write_bare")
    if limit and path and bare:
        yield f"## Writing alone: {size:,} conversations of {options.messages} messages\n"
        yield "The work of the writer of a sync. The transformation into rows is not included.\n"
        head = [
            "",
            "seconds",
            "times COPY",
            "statements",
            "rows",
            "own rows",
            "client CPU s",
            "server CPU s",
        ]
        yield from table(
            head,
            [
                write_row("COPY", limit, limit),
                write_row("**Inbox**'s write path", path, limit),
                write_row("**Inbox**'s write path without indexes and counters for reads", bare, limit),
            ],
        )


def write_row(name: str, samples: list[Sample], limit: list[Sample]) -> list[str]:
    times = "1" if samples is limit else str(ratios(samples, limit))
    return [name, spread(samples, "seconds"), times, *resources(samples)[1:6]]


def memory(results: Results, options: Options) -> Iterator[str]:
    rows = [
        [f"{size:,}", whole(samples, "peak_mb"), spread(samples, "seconds")]
        for size in options.memory
        if (samples := results.of("memory", size))
    ]
    if rows:
        yield f"## Memory of the command, conversations of {options.pages[2]} messages\n"
        yield from table(["conversations", "peak MB", "seconds"], rows)
