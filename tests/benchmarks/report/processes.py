"""Tables of whole processes, from start to end."""

from collections.abc import Iterator

from tests.benchmarks.cases import SCALED, UNLIMITED, Options, Results
from tests.benchmarks.goals import fastest_node, ratios
from tests.benchmarks.measure import Sample, Spread

from .cells import spread, table, whole

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
