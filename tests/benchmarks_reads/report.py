"""Writes the part of docs/benchmarks.md about reading, or that of docs/scale.md about many rows, and its chart."""

from collections.abc import Iterator
from math import isfinite, isinf, log10
from pathlib import Path

from tests.benchmarks.charts import Bar, bars
from tests.benchmarks.document import write_reads
from tests.benchmarks.sections import write_section
from tests.benchmarks_reads.results import Bulk, Measured, Result

GOAL_RATIO, GOAL_SECONDS = 1.5, 60
WIDTH, LEFT, MAXIMUM = 760, 250, 30_000  # of the chart; its scale ends at 30,000 ms


BASELINES = [
    "*Replaced* is the way of the replaced application: it loads the ids of the conversations with the tags and sends them"
    " back as a list. *Plain* is plain Django: `filter(tags__in=…)`, `icontains`, OFFSET, `COUNT(*)`, ModelSerializer. Both"
    " are medians without a request around them; > 20,000 means canceled after 20 s.",
    "",
    "![Milliseconds of each query: Inbox, the replaced application and plain Django](benchmarks/reads.svg)",
    "",
    "| query | p50 ms | p95 ms | goal (p95) | statements | replaced ms | × | plain ms | × |",
    "|---|---|---|---|---|---|---|---|---|",
]
NO_BASELINES = [
    "The two baselines were left out (`BASELINES=0`).",
    "",
    "| query | p50 ms | p95 ms | goal (p95) | statements |",
    "|---|---|---|---|---|",
]


def write(measured: Measured, folder: Path) -> None:
    rows, results = measured.rows, measured.results
    has_baselines = any(result.plain for result in results)
    text = [
        "# Reading",
        "",
        f"`make bench-reads` wrote this part. The database has {rows:,} conversations on {measured.pages} Pages (one has half of"
        f" them), 50 tags (one on 30 % of the conversations, some rare or old) and {5 * rows:,} messages, on a private PostgreSQL"
        f" server; it was built in {measured.built:.0f} s. Machine: {measured.machine}. Caches are warm, and client and server share"
        " the cores.",
        "",
        "Each query is a whole request to the ASGI application, with the pool and the garbage collection of a web process, for 50"
        " rows of the large Page, without a total unless its name says otherwise. *Statements* counts those on conversations, tags and counters.",
        "",
        *(BASELINES if has_baselines else NO_BASELINES),
        *(row(result, has_baselines=has_baselines) for result in results),
        "",
        *(f"- {note}" for note in measured.notes),
        *(f"- {sentence(bulk)}" for bulk in measured.bulks),
        "",
        "| table or index | MB |",
        "|---|---|",
        *(f"| {name} | {size / 1e6:,.0f} |" for name, size in measured.sizes if size > 1e6),
        "",
    ]
    (folder / "benchmarks").mkdir(exist_ok=True)
    write_reads(folder / "benchmarks.md", "\n".join(text))
    picture = folder / "benchmarks" / "reads.svg"
    if has_baselines:
        picture.write_text(chart(results))
    else:
        picture.unlink(missing_ok=True)


def sentence(bulk: Bulk) -> str:
    if isinf(bulk.seconds):
        return f"Bulk {bulk.name}: **refused**."
    text = f"Bulk {bulk.name} of {bulk.conversations:,} conversations: {bulk.seconds:.1f} s"
    lists = f"; a list takes {bulk.list_meanwhile:.1f} ms meanwhile, {bulk.list_before:.1f} ms before (p95)"
    return text + (lists if bulk.list_meanwhile else "") + "."


def write_comparison(small: Measured, large: Measured, folder: Path) -> None:
    """Write the ratios into docs/scale.md."""
    (folder / "scale").mkdir(exist_ok=True)
    write_section(folder / "scale.md", "rows", "\n".join(comparison(small, large)))
    pairs = list(zip(small.results, large.results, strict=True))
    bars_of = [
        Bar(name, ratio, ratio, ratio, "ours" if ratio <= GOAL_RATIO else "limit")
        for name, ratio in ((after.name, after.p95 / before.p95) for before, after in pairs)
        if isfinite(ratio)
    ]
    title = f"95th percentile at {large.rows:,} conversations, divided by that at {small.rows:,}"
    (folder / "scale" / "rows.svg").write_text(bars(title, "times", bars_of))


def comparison(small: Measured, large: Measured) -> Iterator[str]:
    pairs = list(zip(small.results, large.results, strict=True))
    missed = [after.name for before, after in pairs if after.p95 > GOAL_RATIO * before.p95]
    yield (
        f"`make bench-reads ROWS={large.rows} COMPARE={small.rows}` wrote this part: {small.rows:,} and {large.rows:,}"
        f" conversations with five messages each, on {large.pages} Pages, of which one has half; built in"
        f" {small.built:,.0f} and {large.built:,.0f} s. Machine: {large.machine}."
    )
    yield ""
    yield (
        f"Goal: the 95th percentile of each question is at most {GOAL_RATIO} times that at {small.rows:,}:"
        f" {'reached' if not missed else f'**missed** by {len(missed)} of {len(pairs)}: ' + ', '.join(missed)}."
    )
    yield ""
    yield "![Ratio of the 95th percentiles](scale/rows.svg)"
    yield ""
    yield f"| query | p95 ms at {small.rows:,} | p95 ms at {large.rows:,} | ratio |"
    yield "|---|---|---|---|"
    for before, after in pairs:
        mark = " **missed**" if after.name in missed else ""
        yield f"| {after.name} | {before.p95:.1f} | {after.p95:.1f} | {after.p95 / before.p95:.2f}{mark} |"
    yield ""
    for bulk in large.bulks:
        missed_time = "" if bulk.seconds <= GOAL_SECONDS else f" **missed** (goal: {GOAL_SECONDS} s)"
        yield f"- {sentence(bulk)}{missed_time}"
    for note in large.notes:
        yield f"- {note}"
    total = sum(size for _, size in large.sizes)
    yield f"- Tables and indexes of {large.rows:,} conversations: {total / 1e9:.1f} GB, {total / large.rows:,.0f} bytes of each."


def row(result: Result, *, has_baselines: bool) -> str:
    goal = f"{result.goal}{'' if result.p95 <= result.goal else ' **missed**'}" if result.goal else ""
    cells = [result.name, f"{result.p50:.1f}", f"{result.p95:.1f}", goal, str(result.statements)]
    for time in (result.replaced, result.plain) if has_baselines else ():
        cells += [ms(time), times(time, result.p50)]
    return f"| {' | '.join(cells)} |"


def ms(time: float) -> str:
    return "> 20,000" if isinf(time) else f"{time:,.1f}"


def times(time: float, ours: float) -> str:
    return "" if isinf(time) else f"{time / ours:,.1f}"


def chart(results) -> str:
    """Draw bars on a logarithmic scale: Inbox, the replaced application and plain Django."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {len(results) * 3 * 6 + len(results) * 6 + 40}"'
        ' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for number, label in enumerate(("1 ms", "10", "100", "1 s", "10 s")):
        x = LEFT + scaled(10**number)
        parts.append(
            f'<path d="M{x:.0f} 22V{len(results) * 24 + 30}" stroke="#ddd"/><text x="{x:.0f}" y="16" fill="#666">{label}</text>'
        )
    for number, result in enumerate(results):
        y = 28 + number * 24
        parts.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#222">{result.name}</text>')
        for index, (time, color) in enumerate(
            ((result.p50, "#1f6f8b"), (result.replaced, "#b45309"), (result.plain, "#94a3b8"))
        ):
            width = scaled(min(time, MAXIMUM))
            parts.append(
                f'<rect x="{LEFT}" y="{y + index * 6}" width="{width:.0f}" height="5" fill="{color}"/>'
            )
    legend = (("Inbox", "#1f6f8b"), ("replaced", "#b45309"), ("plain Django", "#94a3b8"))
    for index, (label, color) in enumerate(legend):
        parts.append(f'<text x="{4 + index * 70}" y="16" fill="{color}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def scaled(time: float) -> float:
    return max(1.0, (WIDTH - LEFT - 20) * log10(max(time, 1)) / log10(MAXIMUM))
