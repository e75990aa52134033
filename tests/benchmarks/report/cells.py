"""What several tables have: the table itself, the cells of samples, and the names of engines."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.goals import ratios
from tests.benchmarks.measure import Sample, Spread

NAMES = {
    ("before", True): "before",
    ("after", True): "after",
    ("ours", True): "**Inbox**",
    ("ours", False): "**Inbox**, no time windows",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from (f"| {' | '.join(row)} |" for row in rows)
        yield ""


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
