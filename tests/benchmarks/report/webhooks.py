"""The part of webhooks."""

from collections.abc import Iterator

from tests.benchmarks.cases import Options, Results
from tests.benchmarks.goals import of_webhooks
from tests.benchmarks.live import Live, percentile
from tests.benchmarks.measure import Spread

from .cells import table

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
