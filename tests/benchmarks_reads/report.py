"""The part of docs/benchmarks.md about reading, and its chart."""

from math import isinf, log10
from pathlib import Path

from tests.benchmarks.page import write_reads

DOCS = Path(__file__).parents[2] / "docs"
WIDTH, ROW, LEFT, MOST = 760, 18, 250, 30_000  # of the chart; its scale ends at so many ms


def write(rows: int, built: float, lines, notes: list[str], sizes, machine: str) -> None:
    text = [
        "# Reading",
        "",
        f"`make bench-reads` wrote this part: {rows:,} conversations over 20 Pages (one holds half), 50 tags (one on 30 %, some"
        f" rare or old), {5 * rows:,} messages in a private PostgreSQL, built in {built:.0f} s. {machine}. Warm; client and"
        " server share the cores.",
        "",
        "Each question is a whole request through the ASGI application, for 50 rows of the big Page, rows alone unless it says"
        " otherwise. Queries are those on conversations, tags and counters. *Replaced*: tags become ids in the client, which go"
        " back in a list. *Plain*: `filter(tags__in=…)`, `icontains`, OFFSET, `COUNT(*)`, ModelSerializer. Both are medians"
        " without a request around them; > 20,000: stopped.",
        "",
        "![milliseconds of each question, three ways](benchmarks/reads.svg)",
        "",
        "| question | p50 ms | p95 ms | goal | queries | replaced ms | × | plain ms | × |",
        "|---|---|---|---|---|---|---|---|---|",
        *(row(line) for line in lines),
        "",
        *(f"- {note}" for note in notes),
        "",
        "| table or index | MB |",
        "|---|---|",
        *(f"| {name} | {size / 1e6:,.0f} |" for name, size in sizes if size > 1e6),
        "",
    ]
    write_reads(DOCS / "benchmarks.md", "\n".join(text))
    (DOCS / "benchmarks" / "reads.svg").write_text(chart(lines))


def row(line) -> str:
    goal = f"{line.goal}{'' if line.p95 <= line.goal else ' **missed**'}" if line.goal else ""
    others = " | ".join(f"{ms(time)} | {times(time, line.p50)}" for time in (line.replaced, line.plain))
    return f"| {line.name} | {line.p50:.1f} | {line.p95:.1f} | {goal} | {line.queries} | {others} |"


def ms(time: float) -> str:
    return "> 20,000" if isinf(time) else f"{time:,.1f}"


def times(time: float, ours: float) -> str:
    return "" if isinf(time) else f"{time / ours:,.1f}"


def chart(lines) -> str:
    """Bars on a logarithmic scale: ours, the replaced application's way, plain Django."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {len(lines) * 3 * 6 + len(lines) * 6 + 40}"'
        ' font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for number, label in enumerate(("1 ms", "10", "100", "1 s", "10 s")):
        x = LEFT + scaled(10**number)
        parts.append(
            f'<path d="M{x:.0f} 22V{len(lines) * 24 + 30}" stroke="#ddd"/><text x="{x:.0f}" y="16" fill="#666">{label}</text>'
        )
    for number, line in enumerate(lines):
        y = 28 + number * 24
        parts.append(f'<text x="{LEFT - 8}" y="{y + 13}" text-anchor="end" fill="#222">{line.name}</text>')
        for place, (time, colour) in enumerate(
            ((line.p50, "#1f6f8b"), (line.replaced, "#b45309"), (line.plain, "#94a3b8"))
        ):
            width = scaled(min(time, MOST))
            parts.append(
                f'<rect x="{LEFT}" y="{y + place * 6}" width="{width:.0f}" height="5" fill="{colour}"/>'
            )
    legend = (("ours", "#1f6f8b"), ("replaced", "#b45309"), ("plain Django", "#94a3b8"))
    for place, (label, colour) in enumerate(legend):
        parts.append(f'<text x="{4 + place * 70}" y="16" fill="{colour}">{label}</text>')
    return "\n".join([*parts, "</svg>", ""])


def scaled(time: float) -> float:
    return max(1.0, (WIDTH - LEFT - 20) * log10(max(time, 1)) / log10(MOST))
