"""Tables of syncs at the real speed of Facebook."""

from collections.abc import Iterator

from tests.benchmarks.cases import CALLS, Options, Results
from tests.benchmarks.goals import pages_of_core, ratios
from tests.benchmarks.measure import Sample, Spread

from .cells import NAMES, spread, table, whole

CALLS_INTRODUCTION = """\
The full latency, and a sandbox that refuses a third call within any second. How many conversations one call
bears is not documented, so a full sync tries out more than 100 at once; *known* means that `manage.py
checkpage` did that before. The requests include one to read the head again and, unless it is known, one to
test time bounds and four to look for other folders.
"""


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
