"""Writes the second part of docs/benchmarks.md, about reading, and its chart."""

from math import isinf, log10
from pathlib import Path

from tests.benchmarks.document import write_reads

DOCS = Path(__file__).parents[2] / "docs"
WIDTH, LEFT, MAXIMUM = 760, 250, 30_000  # of the chart; its scale ends at 30,000 ms


def write(rows: int, built: float, results, notes: list[str], sizes, machine: str) -> None:
    text = [
        "# Reading",
        "",
        f"`make bench-reads` wrote this part. The database has {rows:,} conversations on 20 Pages (one has half of them), 50"
        f" tags (one on 30 % of the conversations, some rare or old) and {5 * rows:,} messages, on a private PostgreSQL server;"
        f" it was built in {built:.0f} s. Machine: {machine}. Caches are warm, and client and server share the cores.",
        "",
        "Each query is a whole request to the ASGI application for 50 rows of the large Page, without a total unless its name"
        " says otherwise. *Statements* counts those on conversations, tags and counters. *Replaced* is the way of the replaced"
        " application: it loads the ids of the conversations with the tags and sends them back as a list. *Plain* is plain"
        " Django: `filter(tags__in=…)`, `icontains`, OFFSET, `COUNT(*)`, ModelSerializer. Both are medians without a request"
        " around them; > 20,000 means canceled after 20 s.",
        "",
        "![Milliseconds of each query: Inbox, the replaced application and plain Django](benchmarks/reads.svg)",
        "",
        "| query | p50 ms | p95 ms | goal (p95) | statements | replaced ms | × | plain ms | × |",
        "|---|---|---|---|---|---|---|---|---|",
        *(row(result) for result in results),
        "",
        *(f"- {note}" for note in notes),
        "",
        "| table or index | MB |",
        "|---|---|",
        *(f"| {name} | {size / 1e6:,.0f} |" for name, size in sizes if size > 1e6),
        "",
    ]
    write_reads(DOCS / "benchmarks.md", "\n".join(text))
    (DOCS / "benchmarks" / "reads.svg").write_text(chart(results))


def row(result) -> str:
    goal = f"{result.goal}{'' if result.p95 <= result.goal else ' **missed**'}" if result.goal else ""
    others = " | ".join(f"{ms(time)} | {times(time, result.p50)}" for time in (result.replaced, result.plain))
    return (
        f"| {result.name} | {result.p50:.1f} | {result.p95:.1f} | {goal} | {result.statements} | {others} |"
    )


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
