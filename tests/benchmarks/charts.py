"""Draws SVG charts, bars, steps and lines, that are readable on a light and on a dark background."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT = 760, 190, 150
BAR, GAP, TOP = 22, 12, 46

STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2933 }
  .title { font-weight: 600; font-size: 15px }
  .quiet { fill: #52606d }
  .theirs { fill: #9aa5b1 } .ours { fill: #1f8a70 } .limit { fill: #d9822b }
  .line { fill: none; stroke-width: 2 }
  .line.theirs { stroke: #9aa5b1 } .line.ours { stroke: #1f8a70 } .line.limit { stroke: #d9822b }
  .spread, .axis { stroke: #52606d; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e7eb } .quiet { fill: #9aa5b1 }
    .spread, .axis { stroke: #9aa5b1 }
    .theirs { fill: #616e7c } .ours { fill: #3ebd93 } .limit { fill: #f0b429 }
    .line { fill: none }
    .line.theirs { stroke: #7b8794 } .line.ours { stroke: #3ebd93 } .line.limit { stroke: #f0b429 }
  }
"""


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    minimum: float
    maximum: float
    kind: str  # theirs, ours or limit
    note: str = ""


@dataclass(frozen=True)
class Steps:
    """A line that rises by one at each of the times."""

    label: str
    times: Sequence[float]
    kind: str


@dataclass(frozen=True)
class Curve:
    """A line through points (x, y)."""

    label: str
    points: Sequence[tuple[float, float]]
    kind: str


def bars(title: str, unit: str, values: Sequence[Bar]) -> str:
    """Draw one bar per value, its spread as a thin line and its number after the bar."""
    width, maximum = WIDTH - LEFT - RIGHT, max((bar.maximum for bar in values), default=0) or 1
    parts = [text(0, 20, title, "title")]
    for index, bar in enumerate(values):
        y = TOP + index * (BAR + GAP)
        middle, length = y + BAR / 2, width * bar.value / maximum
        parts += [
            text(LEFT - 10, middle + 5, bar.label, anchor="end"),
            box(LEFT, y, max(1, length), bar.kind),
            line(
                LEFT + width * bar.minimum / maximum,
                middle,
                LEFT + width * bar.maximum / maximum,
                middle,
                "spread",
            ),
            text(
                LEFT + width * bar.maximum / maximum + 8,
                middle + 5,
                f"{number(bar.value)} {unit}{', ' * bool(bar.note)}{bar.note}",
            ),
        ]
    return document(TOP + len(values) * (BAR + GAP), title, parts)


def steps(title: str, x_unit: str, curves: Sequence[Steps]) -> str:
    """Draw each line from the bottom left corner."""
    height, left, bottom = 260, 50, 40
    width = WIDTH - left - RIGHT
    ends = [curve.times[-1] for curve in curves if curve.times]
    latest, highest = max(ends, default=1) or 1, max((len(curve.times) for curve in curves), default=1)

    def at(time: float, count: int) -> str:
        return f"{left + width * time / latest:.1f},{TOP + height * (1 - count / highest):.1f}"

    parts = axes(title, f"{number(latest)} {x_unit}", f"{highest}", left, height)
    for curve in curves:
        points = [at(time, count) for count, time in enumerate(curve.times, 1)]
        x, y = map(float, points[-1].split(","))
        parts += [
            f'<polyline class="line {curve.kind}" points="{" ".join([at(0, 0), *points])}"/>',
            text(x + 6, y + 5, curve.label),
        ]
    return document(TOP + height + bottom, title, parts)


def lines(title: str, x_unit: str, y_unit: str, curves: Sequence[Curve]) -> str:
    """Draw each line, from zero on both axes."""
    height, left, bottom = 260, 70, 40
    width = WIDTH - left - RIGHT
    points = [point for curve in curves for point in curve.points]
    latest = max((x for x, _ in points), default=1) or 1
    highest = max((y for _, y in points), default=1) or 1
    parts = axes(title, f"{number(latest)} {x_unit}", f"{number(highest)} {y_unit}", left, height)
    for curve in curves:
        drawn = [(left + width * x / latest, TOP + height * (1 - y / highest)) for x, y in curve.points]
        joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        x, y = drawn[-1]
        parts += [
            f'<polyline class="line {curve.kind}" points="{joined}"/>',
            text(x + 6, y + 5, curve.label),
        ]
    return document(TOP + height + bottom, title, parts)


def axes(title: str, latest: str, highest: str, left: float, height: float) -> list[str]:
    """Return the title and both axes, each with the label at its end."""
    right, bottom = WIDTH - RIGHT, TOP + height
    return [
        text(0, 20, title, "title"),
        line(left, TOP, left, bottom, "axis"),
        line(left, bottom, right, bottom, "axis"),
        text(left - 8, TOP + 5, highest, "quiet", "end"),
        text(right, bottom + 20, latest, "quiet", "end"),
    ]


def document(height: float, title: str, parts: Sequence[str]) -> str:
    body = "\n".join(f"  {part}" for part in parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}"'
        f' height="{height:.0f}" role="img" aria-label="{escape(title)}">\n'
        f"  <style>{STYLE}  </style>\n{body}\n</svg>\n"
    )


def text(x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> str:
    kind = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{kind}>{escape(content)}</text>'


def box(x: float, y: float, width: float, kind: str) -> str:
    return f'<rect class="{kind}" x="{x}" y="{y}" width="{width:.1f}" height="{BAR}" rx="3"/>'


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def number(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"
