"""Writes the first part of docs/benchmarks.md and its charts from the results of one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from .cases import CALLS, SCALED, SCALED_WITHOUT_WINDOWS, UNLIMITED, Options, Results
from .document import write_syncs, write_webhooks
from .facebook import Speed
from .goals import fastest_node, of_syncs, of_webhooks, pages_of_core, ratios
from .live import Live, percentile
from .measure import Sample, Spread
from .result_charts import all_charts

NAMES = {
    ("before", True): "before",
    ("after", True): "after",
    ("ours", True): "**Inbox**",
    ("ours", False): "**Inbox**, no time windows",
}
KINDS = {"first": "first sync", "unchanged": "nothing changed", "changed": "1 % changed"}

INTRODUCTION = """\
# Benchmarks

`make bench` wrote this part in {minutes:.0f} minutes. The speed of the lists is measured [below](#reading).
All engines were measured in one run, on one private PostgreSQL server and the sandbox Graph server, which is
a separate process:

- **before**: the first version of the application that Inbox replaces: 50 conversations per batch, one upsert
  and one insert of messages for each of them, every statement in a transaction of its own
  ([`before.py`](../tests/benchmarks/engines/before.py));
- **after**: its optimized version: 100 conversations per batch, one bulk upsert, messages in chunks of 500,
  one batch strictly after the other, no unique key on messages
  ([`after.py`](../tests/benchmarks/engines/after.py));
- **Inbox**: `sync_conversations()`, including its unique keys, the sync ledger and progress reports;
- **COPY**: the limit of PostgreSQL: the rows that a sync of Inbox wrote, copied into the same tables with the
  same indexes, read beforehand, in one transaction per 100 conversations.

*Whole processes* are measured from their start to their end, beside the replaced application in Node with
its usual driver ([`engines/node`](../tests/benchmarks/engines/node)): multi-row statements, no unique key on
messages. *Prefetching* asks for the next batch while one is written, which the description of *after* does
not say; its goals compare Inbox with the faster of both in each round.

All engines request the same fields from Facebook and store the same data of each message. Each measurement
uses a new database, a new sandbox and a new process. The time is that of the sync, without the start of the
process, except where whole processes are compared. Rounds are interleaved. Numbers are medians with
(minimum..maximum); *times faster* compares within each round. The result of each engine is verified by
counting its rows. *Rows* are rows written. *Own rows* are those that a sync writes about itself (the run, the
watermark of the Page, the call budget).

Absolute times apply to this machine, on which client, server and sandbox share the processor. Compare the
ratios.
"""
LATENCY = """\
By default, a response of the sandbox takes 0.3 s, plus 4 ms per conversation and 0.4 ms per message, and the
documentation of Facebook allows 2 calls per second. *With latency* means a tenth of that latency and 20 calls
per second, so that everything else has ten times its real share of the time.
"""
REPLACED_SYNCS_AGAIN = """\
The description of the replaced application has no incremental sync. It reads all conversations again, and
because it has no unique key it stores every message again. Inbox requests only what changed.
"""


def write(
    results: Results, options: Options, about: dict[str, str], seconds: float, folder: Path | None
) -> str:
    """Return the text of the document. With a folder, also write the parts that were measured there."""
    parts = []
    if options.only != ("live",):
        parts.append(write_rest(results, options, about, seconds, folder))
    if results.live.door:
        parts.append("\n".join(webhooks(results, options, about)))
        if folder:
            write_webhooks(folder / "benchmarks.md", parts[-1])
    return "\n\n".join(parts)


def write_rest(
    results: Results, options: Options, about: dict[str, str], seconds: float, folder: Path | None
) -> str:
    charts = dict(all_charts(results, options))
    text = "\n".join(document(results, options, about, seconds, list(charts)))
    if folder:
        (folder / "benchmarks").mkdir(parents=True, exist_ok=True)
        for name, (_, drawing) in charts.items():
            (folder / "benchmarks" / f"{name}.svg").write_text(drawing)
        images = {name: f"![{title}](benchmarks/{name}.svg)" for name, (title, _) in charts.items()}
        for name, image in images.items():
            text = text.replace(f"@{name}@", image)
        write_syncs(folder / "benchmarks.md", text)
    return text


def document(
    results: Results, options: Options, about: dict[str, str], seconds: float, charts: Sequence[str]
) -> Iterator[str]:
    yield INTRODUCTION.format(minutes=seconds / 60)
    yield from table(["machine", ""], [[name, value] for name, value in about.items()])
    yield "## Goals\n"
    yield from table(
        ["goal", "measured", ""],
        [[goal.description, goal.measured, goal.verdict] for goal in of_syncs(results, options)],
    )
    yield from (f"**Failed**: {failure}\n" for failure in results.failures)
    yield from (f"@{name}@\n" for name in charts)
    yield from (f"{reason}\n" for reason in results.skipped)
    yield from whole_processes(results, options)
    yield from starts(results)
    yield from syncs(results, options)
    yield from writing(results, options)
    yield from real_speed(results, options)
    yield from number_of_calls(results, options)
    yield from many_pages(results, options)
    yield from memory(results, options)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""


# -- tables ------------------------------------------------------------------------------------------------


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


def whole_processes(results: Results, options: Options) -> Iterator[str]:
    for speed in (SCALED, UNLIMITED):
        for size in sorted(options.sizes, reverse=True):
            after = fastest_node(results, size, speed)
            rows = [
                process_row(name, samples, after)
                for engine, name in PROCESSES.items()
                if (samples := results.of("process", size, speed, engine))
            ]
            if rows:
                latency = "with latency" if speed.is_limited else "without latency"
                yield f"## Whole processes: {size:,} conversations, {latency}\n"
                yield from table(PROCESS_HEAD, rows)


PROCESSES = {
    "node before": "before, in Node",
    "node after": "after, in Node",
    "node after, prefetching": "after, in Node, prefetching",
    "ours": "**Inbox**, `manage.py syncconversations`",
}
PROCESS_HEAD = [
    "", "seconds", "times faster than Node's after", "client CPU s", "times the CPU of Node's after",
    "server CPU s", "requests", "statements",
]  # fmt: skip


def process_row(name: str, samples: list[Sample], after: list[Sample]) -> list[str]:
    cpu = [mine.client_cpu / theirs.client_cpu for mine, theirs in zip(samples, after, strict=False)]
    return [
        name,
        spread(samples, "seconds"),
        str(ratios(after, samples)) if after else "",
        str(Spread.of([sample.client_cpu for sample in samples])),
        str(Spread.of(cpu)) if cpu else "",
        spread(samples, "server_cpu", short=True),
        whole(samples, "requests"),
        whole(samples, "statements"),
    ]


def starts(results: Results) -> Iterator[str]:
    if results.starts:
        yield "## Starts of processes\n"
        yield (
            "A sync until its first call to Facebook, and a web process until it answers `/healthz`, and"
            " until it has loaded all and shows its first page, beside the bare import of what they cannot"
            " do without.\n"
        )
        names = {
            "bare sync": "import of django.db, requests, psycopg",
            "sync": "`manage.py syncconversations`",
            "bare web": "import of Django's models and handler, requests, psycopg, uvicorn",
            "web": "`uvicorn inbox.asgi:application`",
            "web before": "the same, BEFORE",
            "web, page": "`uvicorn inbox.asgi:application`, to its first page",
            "web, page before": "the same, BEFORE",
        }
        rows = [
            [
                name,
                str(Spread.of([start.seconds for start in results.starts[kind]])),
                f"{Spread.of([start.cpu for start in results.starts[kind]]).median:.2f}",
            ]
            for kind, name in names.items()
            if results.starts[kind]
        ]
        yield from table(["", "seconds", "CPU s"], rows)


HEAD = [
    "", "", "seconds", "times faster than before", "than after", "requests", "statements", "rows",
    "own rows", "client CPU s", "server CPU s", "peak MB", "calls/s", "most calls in 1 s",
]  # fmt: skip


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


def times_faster(slow: list[Sample], fast: list[Sample]) -> str:
    if not slow or slow is fast:
        return "1" if slow else ""
    return str(ratios(slow, fast))


def resources(samples: list[Sample]) -> list[str]:
    rates = [sample.rate for sample in samples if sample.rate]
    return [
        whole(samples, "requests"),
        whole(samples, "statements"),
        whole(samples, "rows"),
        whole(samples, "bookkeeping"),
        spread(samples, "client_cpu", short=True),
        spread(samples, "server_cpu", short=True),
        whole(samples, "peak_mb"),
        f"{Spread.of(rates).median:.1f}" if rates else "",
        f"{max(sample.busiest_second for sample in samples)}",
    ]


def spread(samples: list[Sample], name: str, *, short: bool = False) -> str:
    values = Spread.of([getattr(sample, name) for sample in samples])
    return f"{values.median:.1f}" if short else str(values)


def whole(samples: list[Sample], name: str) -> str:
    values = [getattr(sample, name) for sample in samples]
    return "" if None in values else f"{Spread.of(values).median:,.0f}"


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


def real_speed(results: Results, options: Options) -> Iterator[str]:
    size = options.real_speed_conversations
    by_engine = {engine: results.of("speed", size, engine) for engine in ("after", "ours")}
    if by_engine["ours"]:
        yield f"## At the real speed of Facebook: {size:,} conversations of {options.messages} messages\n"
        yield (
            "The full latency, and a sandbox that refuses a third call within any second. *Calls/s* is"
            " measured from the first split of a time window to the last full call.\n"
        )
        head = [
            "",
            "seconds",
            "requests",
            "throttled",
            "calls/s",
            "most calls in 1 s",
            "client CPU s",
            "peak MB",
        ]
        yield from table(
            head, [speed_row(NAMES[name, True], samples) for name, samples in by_engine.items() if samples]
        )


CALLS_INTRODUCTION = """\
The full latency, and a sandbox that refuses a third call within any second. How many conversations one call
bears is not documented, so a full sync tries out more than 100 at once; *known* means that `manage.py
checkpage` did that before. The requests include one to read the head again and, unless it is known, one to
test time bounds and four to look for other folders.
"""


def number_of_calls(results: Results, options: Options) -> Iterator[str]:
    samples = {kind: results.of("calls", kind) for kind in ("before", *CALLS)}
    before = samples["before"]
    rows = [
        [
            "the commit before" if kind == "before" else kind,
            spread(each, "seconds"),
            str(ratios(before, each)) if before else "",
            whole(each, "requests"),
            whole(each, "throttled"),
            f"{max(sample.busiest_second for sample in each)}",
            spread(each, "client_cpu", short=True),
            whole(each, "peak_mb"),
        ]
        for kind, each in samples.items()
        if each
    ]
    if rows:
        yield f"## Conversations per call: {options.calls:,} at the real speed of Facebook\n"
        yield CALLS_INTRODUCTION
        head = ["a call bears", "seconds", "times faster", "requests", "throttled", "most calls in 1 s"]
        yield from table([*head, "client CPU s", "peak MB"], rows)


def speed_row(name: str, samples: list[Sample]) -> list[str]:
    rates = Spread.of([sample.rate or 0 for sample in samples])
    return [
        name,
        spread(samples, "seconds"),
        whole(samples, "requests"),
        whole(samples, "throttled"),
        str(rates),
        f"{max(sample.busiest_second for sample in samples)}",
        spread(samples, "client_cpu", short=True),
        whole(samples, "peak_mb"),
    ]


def many_pages(results: Results, options: Options) -> Iterator[str]:
    number, size, messages = options.pages
    kinds = {
        "alone": "one Page alone",
        "one process": f"{number} Pages, one process",
        "two processes": f"{number} Pages, two processes",
        "before": f"{number} Pages, one process, BEFORE",
    }
    by_kind = {label: results.of("pages", kind) for kind, label in kinds.items()}
    parallel = results.of("pages", "one process")
    if parallel:
        yield f"## {number} Pages of {size:,} conversations of {messages} messages in parallel\n"
        yield "`manage.py syncconversations` at the real speed of Facebook.\n"
        head = ["", "seconds", "requests", "throttled", "client CPU s", "server CPU s", "peak MB"]
        yield from table(head, [pages_row(label, samples) for label, samples in by_kind.items() if samples])
        yield f"{pages_per_core(results.of('pages', 'alone'), parallel, number)}\n"


def pages_row(label: str, samples: list[Sample]) -> list[str]:
    return [
        label,
        spread(samples, "seconds"),
        whole(samples, "requests"),
        whole(samples, "throttled"),
        spread(samples, "client_cpu", short=True),
        spread(samples, "server_cpu", short=True),
        whole(samples, "peak_mb"),
    ]


def pages_per_core(alone: list[Sample], parallel: list[Sample], number: int) -> str:
    cpu = Spread.of([sample.client_cpu / number for sample in parallel]).median
    seconds = Spread.of([sample.seconds for sample in alone]).median
    calls = Spread.of([1000 * sample.client_cpu / sample.requests for sample in parallel]).median
    return (
        f"The sync of a Page takes {cpu:.2f} s of CPU time in its process, {calls:.0f} ms for each call, and"
        f" {seconds:.1f} s in total. One core can therefore sync about"
        f" {pages_of_core(alone, parallel, number):.0f} such Pages at the same time. A second process uses a"
        " second core."
    )


LIVE = """\
# Webhooks

`make bench ONLY=live` writes this part alone. One web process, one worker, PostgreSQL and the sender on this
machine. The sender keeps its rate, and answers and events are timed from the moment at which the delivery was
due. *Processing* is the time from its row to that of the message; *event* the time until each of {readers}
open streams has it. The *processed* deliveries of one message each were waiting already; COPY writes the rows
that came of them into the same tables.
"""


def webhooks(results: Results, options: Options, about: dict[str, str]) -> Iterator[str]:
    live, sizes = results.live, options.live
    yield LIVE.format(readers=sizes.readers)
    yield from table(["machine", ""], [[name, value] for name, value in about.items()])
    yield from table(
        ["goal", "measured", ""],
        [[goal.description, goal.measured, goal.verdict] for goal in of_webhooks(results, options)],
    )
    yield from (f"**Failed**: {failure}\n" for failure in results.failures)
    rows = [
        (f"answer, {sizes.door_rate} a second", live.door),
        (f"answer, one of {sizes.items:,} items", live.large),
        (f"processing, {sizes.screen_rate} a second", live.processing),
        (f"event, {sizes.screen_rate} a second", live.screen),
    ]
    yield from table(
        ["", "samples", "p50 ms", "p95 ms", "most ms"], [live_row(*row) for row in rows if row[1]]
    )
    yield from table(["", "messages/s"], processing_rows(live))


def live_row(name: str, seconds: list[float]) -> list[str]:
    times = [percentile(seconds, 0.5), percentile(seconds, 0.95), max(seconds)]
    return [name, f"{len(seconds):,}", *(f"{1000 * time:,.0f}" for time in times)]


def processing_rows(live: Live) -> list[list[str]]:
    rows = [("processed", live.processed), ("COPY of the same rows", live.copied)]
    return [[name, whole_spread(rates)] for name, rates in rows if rates]


def whole_spread(rates: list[float]) -> str:
    spread = Spread.of(rates)
    if len(rates) == 1:
        return f"{spread.median:,.0f}"
    return f"{spread.median:,.0f} ({spread.minimum:,.0f}..{spread.maximum:,.0f})"


def memory(results: Results, options: Options) -> Iterator[str]:
    rows = [
        [f"{size:,}", whole(samples, "peak_mb"), spread(samples, "seconds")]
        for size in options.memory
        if (samples := results.of("memory", size))
    ]
    if rows:
        yield f"## Memory of the command, conversations of {options.pages[2]} messages\n"
        yield from table(["conversations", "peak MB", "seconds"], rows)
