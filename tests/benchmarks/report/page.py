"""Writes the first part of docs/benchmarks.md and its charts from the results of one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.benchmarks.cases import Options, Results
from tests.benchmarks.document import write_syncs, write_webhooks
from tests.benchmarks.goals import of_syncs
from tests.benchmarks.result_charts import all_charts

from .cells import table
from .processes import starts, whole_processes
from .real_speed import many_pages, number_of_calls, real_speed
from .syncs import memory, syncs, writing
from .webhooks import webhooks

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
