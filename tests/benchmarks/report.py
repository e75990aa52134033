"""docs/benchmarks.md and its charts, written anew from the results of one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from .cases import FREE, LEAN, SCALED, SCALED_UNCUT, Options, Results
from .charts import Bar, Steps, bars, steps
from .facebook import Pace
from .goals import goals, ratios
from .measure import Sample, Spread
from .page import write_syncs

NAMES = {
    ("before", True): "before",
    ("after", True): "after",
    ("ours", True): "**Inbox**",
    ("ours", False): "**Inbox**, no time windows",
}
KINDS = {"first": "first sync", "unchanged": "nothing changed", "changed": "1 % changed"}

INTRODUCTION = """\
# Benchmarks

`make bench` wrote this in {minutes:.0f} minutes; how fast lists are read stands [below](#reading). Measured
side by side, in one run, on one private PostgreSQL and the sandbox Graph server, which runs in a process
of its own:

- **before**: what the application that Inbox replaces did at first: 50 conversations a batch, one upsert
  and one insert of messages for each, every statement a transaction of its own
  ([`before.py`](../tests/benchmarks/engines/before.py));
- **after**: what it did once optimised: 100 a batch, one bulk upsert, messages in chunks of 500, one batch
  strictly after the other, no unique key on messages ([`after.py`](../tests/benchmarks/engines/after.py));
- **Inbox**: `sync_conversations()`, with its unique keys, its ledger of threads and its progress;
- **COPY**: PostgreSQL's limit: the rows that Inbox's sync made, copied into the same tables with their
  indexes, the bytes ready beforehand, one transaction for each 100 conversations.

All ask Facebook the same question and store the same of each message. Each measurement has a database, an
untouched sandbox and a process of its own; the time is that of the sync, without the start of the process.
Rounds are interleaved. Numbers are medians with (least..most); *times faster* compares within each round.
What an engine says is checked by counting its rows. *Rows* are rows written; those that a sync writes about
itself (the run, the Page's watermark, the call budget) are counted apart.

Absolute times are of this machine, on which client, server and sandbox share the processor: read the ratios.
"""
LATENCY = """\
By default an answer of the sandbox takes 0.3 s, 4 ms more for each conversation and 0.4 ms for each message,
and Facebook's documentation allows 2 calls a second. *With latency* is a tenth of that latency and 20 calls
a second: all the rest weighs ten times as much as in life.
"""
AGAIN = """\
The replaced application's description shows no way but to walk everything again; it stores every message once
more, for nothing keeps it from that. Inbox asks for what changed.
"""


def write(
    results: Results, options: Options, about: dict[str, str], seconds: float, folder: Path | None
) -> str:
    """The page's text; with a folder also the files in it."""
    charts = dict(all_charts(results, options))
    text = "\n".join(page(results, options, about, seconds, list(charts)))
    if folder:
        (folder / "benchmarks").mkdir(parents=True, exist_ok=True)
        for name, (_, drawing) in charts.items():
            (folder / "benchmarks" / f"{name}.svg").write_text(drawing)
        shown = {name: f"![{title}](benchmarks/{name}.svg)" for name, (title, _) in charts.items()}
        for name, image in shown.items():
            text = text.replace(f"@{name}@", image)
        write_syncs(folder / "benchmarks.md", text)
    return text


def page(
    results: Results, options: Options, about: dict[str, str], seconds: float, charts: Sequence[str]
) -> Iterator[str]:
    yield INTRODUCTION.format(minutes=seconds / 60)
    yield from table(["machine", ""], [[name, value] for name, value in about.items()])
    yield "## Goals\n"
    yield from table(
        ["goal", "found", ""], [[goal.words, goal.found, goal.verdict] for goal in goals(results, options)]
    )
    yield from (f"**Failed**, {failure}\n" for failure in results.failures)
    yield from (f"@{name}@\n" for name in charts)
    yield from syncs(results, options)
    yield from writing(results, options)
    yield from pace(results, options)
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
    for pace in (SCALED, FREE):
        for size in sorted(options.sizes, reverse=True):
            if not results.of("sync", size, pace, "ours", "first"):
                continue
            how = "with latency" if pace.is_paced else "without latency"
            yield f"## {size:,} conversations of {options.messages} messages, {how}\n"
            if pace.is_paced and size == max(options.sizes):
                yield LATENCY
            yield from table(HEAD, list(sync_rows(results, size, pace)))
            if pace.is_paced and size == max(options.sizes):
                yield AGAIN


HEAD = [
    "", "", "seconds", "times faster than before", "than after", "requests", "statements", "rows",
    "about itself", "client CPU s", "server CPU s", "peak MB", "calls/s", "most in a second",
]  # fmt: skip


def sync_rows(results: Results, size: int, pace: Pace) -> Iterator[list[str]]:
    engines = [("before", pace), ("after", pace), ("ours", pace)]
    if pace == SCALED:
        engines.append(("ours", SCALED_UNCUT))
    for kind, words in KINDS.items():
        for engine, its_pace in engines:
            samples = results.of("sync", size, its_pace, engine, kind)
            if samples:
                name = NAMES[engine, its_pace.updated_ms == "honoured"]
                than = [
                    compared(results.of("sync", size, pace, other, kind), samples)
                    for other in ("before", "after")
                ]
                yield [words, name, spread(samples, "seconds"), *than, *used(samples)]


def compared(slow: list[Sample], fast: list[Sample]) -> str:
    if not slow or slow is fast:
        return "1" if slow else ""
    return str(ratios(slow, fast))


def used(samples: list[Sample]) -> list[str]:
    rates = [sample.rate for sample in samples if sample.rate]
    return [
        whole(samples, "requests"),
        whole(samples, "statements"),
        whole(samples, "rows"),
        whole(samples, "bookkeeping"),
        spread(samples, "client_cpu", short=True),
        spread(samples, "server_cpu", short=True),
        whole(samples, "peak_mb"),
        f"{Spread.of(rates).middle:.1f}" if rates else "",
        f"{max(sample.busiest for sample in samples)}",
    ]


def spread(samples: list[Sample], name: str, *, short: bool = False) -> str:
    found = Spread.of([getattr(sample, name) for sample in samples])
    return f"{found.middle:.1f}" if short else str(found)


def whole(samples: list[Sample], name: str) -> str:
    values = [getattr(sample, name) for sample in samples]
    return "" if None in values else f"{Spread.of(values).middle:,.0f}"


def writing(results: Results, options: Options) -> Iterator[str]:
    size = max(options.sizes)
    limit, path = results.of("write", size, "copy_limit"), results.of("write", size, "write_path")
    bare = results.of("write", size, "write_bare")
    if limit and path and bare:
        yield f"## Writing alone: {size:,} conversations of {options.messages} messages\n"
        yield "What the one writer of a sync does; the threads that ask have shaped the rows before.\n"
        head = [
            "",
            "seconds",
            "times COPY",
            "statements",
            "rows",
            "about itself",
            "client CPU s",
            "server CPU s",
        ]
        yield from table(
            head,
            [
                write_row("COPY", limit, limit),
                write_row("**Inbox**'s write path", path, limit),
                write_row("the same without what only reads need", bare, limit),
            ],
        )


def write_row(name: str, samples: list[Sample], limit: list[Sample]) -> list[str]:
    times = "1" if samples is limit else str(ratios(samples, limit))
    return [name, spread(samples, "seconds"), times, *used(samples)[1:6]]


def pace(results: Results, options: Options) -> Iterator[str]:
    size = options.pace_conversations
    found = {engine: results.of("pace", size, engine) for engine in ("after", "ours")}
    if found["ours"]:
        yield f"## At Facebook's own pace: {size:,} conversations of {options.messages} messages\n"
        yield (
            "The whole latency, and a sandbox that refuses a third call within any second. *Calls/s*: from"
            " the first split of the walk to its last full call.\n"
        )
        head = [
            "",
            "seconds",
            "requests",
            "refused",
            "calls/s",
            "most in a second",
            "client CPU s",
            "peak MB",
        ]
        yield from table(
            head, [pace_row(NAMES[name, True], samples) for name, samples in found.items() if samples]
        )


def pace_row(name: str, samples: list[Sample]) -> list[str]:
    rates = Spread.of([sample.rate or 0 for sample in samples])
    return [
        name,
        spread(samples, "seconds"),
        whole(samples, "requests"),
        whole(samples, "refused"),
        str(rates),
        f"{max(sample.busiest for sample in samples)}",
        spread(samples, "client_cpu", short=True),
        whole(samples, "peak_mb"),
    ]


def many_pages(results: Results, options: Options) -> Iterator[str]:
    number, size, messages = options.pages
    kinds = {
        "one alone": "one Page alone",
        "side by side": f"{number}, one process",
        "two processes": f"{number}, two",
    }
    found = {words: results.of("pages", kind) for kind, words in kinds.items()}
    together = results.of("pages", "side by side")
    if together:
        yield f"## {number} Pages of {size:,} conversations of {messages} messages side by side\n"
        yield "`manage.py syncconversations` at Facebook's own pace.\n"
        head = ["", "seconds", "requests", "refused", "client CPU s", "server CPU s", "peak MB"]
        yield from table(head, [pages_row(words, samples) for words, samples in found.items() if samples])
        yield f"{core(results.of('pages', 'one alone'), together, number)}\n"


def pages_row(words: str, samples: list[Sample]) -> list[str]:
    return [
        words,
        spread(samples, "seconds"),
        whole(samples, "requests"),
        whole(samples, "refused"),
        spread(samples, "client_cpu", short=True),
        spread(samples, "server_cpu", short=True),
        whole(samples, "peak_mb"),
    ]


def core(alone: list[Sample], together: list[Sample], number: int) -> str:
    """Python runs on one core: how many Pages until it is busy all the time."""
    cpu = Spread.of([sample.client_cpu / number for sample in together]).middle
    seconds = Spread.of([sample.seconds for sample in alone]).middle
    return (
        f"A Page takes {cpu:.2f} s of CPU in the process that syncs, and {seconds:.1f} s until it is done: by"
        f" that a core bears about {seconds / cpu:.0f}"
        " such Pages at full pace. A second process takes its share."
    )


def memory(results: Results, options: Options) -> Iterator[str]:
    rows = [
        [f"{size:,}", whole(samples, "peak_mb"), spread(samples, "seconds")]
        for size in options.memory
        if (samples := results.of("memory", size))
    ]
    if rows:
        yield f"## Memory of the command, conversations of {options.pages[2]} messages\n"
        yield from table(["conversations", "peak MB", "seconds"], rows)


# -- charts ------------------------------------------------------------------------------------------------


def all_charts(results: Results, options: Options) -> Iterator[tuple[str, tuple[str, str]]]:
    """(name of the file, (title, drawing)) of those that there are samples for."""
    size = max(options.sizes)
    for pace, name, how in (
        (SCALED, "with-latency", "with latency"),
        (FREE, "without-latency", "without latency"),
    ):
        found = list(sync_bars(results, size, pace))
        if found:
            title = f"First sync of {size:,} conversations of {options.messages} messages, {how}"
            yield name, (title, bars(title, "s", found))
    curves = list(call_curves(results, size))
    if curves:
        title = f"Calls to Facebook while {size:,} conversations are synced with latency"
        yield "calls", (title, steps(title, "s", curves))


def sync_bars(results: Results, size: int, pace: Pace) -> Iterator[Bar]:
    after = results.of("sync", size, pace, "after", "first")
    for engine in ("before", "after", "ours"):
        samples = results.of("sync", size, pace, engine, "first")
        if samples:
            name, kind = ("Inbox", "ours") if engine not in LEAN else (engine, "theirs")
            note = f"{ratios(after, samples).middle:.1f}times faster" if engine == "ours" and after else ""
            yield make_bar(name, samples, kind, note)
    limit = results.of("write", size, "copy_limit")
    if limit and not pace.is_paced:
        yield make_bar("COPY of the rows alone", limit, "limit")


def make_bar(label: str, samples: list[Sample], kind: str, note: str = "") -> Bar:
    found = Spread.of([sample.seconds for sample in samples])
    return Bar(label, found.middle, found.least, found.most, kind, note)


def call_curves(results: Results, size: int) -> Iterator[Steps]:
    for engine in ("before", "after", "ours"):
        samples = results.of("sync", size, SCALED, engine, "first")
        if samples:
            name, kind = ("Inbox", "ours") if engine not in LEAN else (engine, "theirs")
            yield Steps(name, samples[0].starts, kind)
    ours = results.of("sync", size, SCALED, "ours", "first")
    if ours:
        number = len(ours[0].starts)
        yield Steps("20 calls a second", [n / SCALED.calls_per_second for n in range(number)], "limit")
