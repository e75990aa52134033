"""How fast a run was along its way: small charts of its samples (sync.course says what these are)."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from conversations.admin.words import duration

WIDTH, HEIGHT = 600, 80  # of the drawing, which is as wide as its place
LINES = 12  # of the table
FEWEST = 3  # samples: of fewer there is nothing to see
SERIES = {"Conversations": 1, "Messages": 2}  # their place in a sample


@dataclass(frozen=True)
class RateChart:
    """`svg` shows what `words` say; `end` is the length of its axis in words."""

    title: str
    words: str
    svg: SafeString
    end: str


@dataclass(frozen=True)
class Stretch:
    """From second to second at this rate."""

    start: float
    end: float
    rate: float


def rate_charts(samples: list, waits: list) -> list[RateChart]:
    """One for threads, one for messages; none of a run that was too short, or without what is counted."""
    if len(samples) < FEWEST or samples[-1][0] <= 0:
        return []
    charts = (_chart(title, place, samples, waits) for title, place in SERIES.items())
    return [chart for chart in charts if chart]


def _chart(title: str, place: int, samples: list, waits: list) -> RateChart | None:
    stretches = list(_stretches(samples, place))
    highest, length = max(stretch.rate for stretch in stretches), samples[-1][0]
    if highest <= 0:
        return None
    mean = (samples[-1][place] - samples[0][place]) / length
    factor, unit = (1, "second") if mean >= 1 else (60, "minute")
    words = f"{_number(mean * factor)} a {unit} on average, {_number(highest * factor)} at most"
    svg = format_html(
        '<svg class="inbox-rate" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<path class="inbox-rate-area" d="{}"/></svg>',
        WIDTH,
        HEIGHT,
        f"{title}: {words}",
        _waits(waits, length),
        _path(stretches, highest, length),
    )
    return RateChart(title, words, svg, duration(length))


def _stretches(samples: list, place: int) -> Iterator[Stretch]:
    for before, after in pairwise(samples):
        if after[0] > before[0]:
            change = max(0, after[place] - before[place])  # a batch that was taken back counts as nothing
            yield Stretch(before[0], after[0], change / (after[0] - before[0]))


def _path(stretches: list[Stretch], highest: float, length: float) -> str:
    steps = "".join(
        f"L{_x(stretch.start, length)} {_y(stretch.rate, highest)}H{_x(stretch.end, length)}"
        for stretch in stretches
    )
    return f"M0 {HEIGHT}{steps}V{HEIGHT}Z"


def _x(second: float, length: float) -> str:
    return f"{WIDTH * min(second, length) / length:.1f}"


def _y(rate: float, highest: float) -> str:
    return f"{HEIGHT * (1 - rate / highest):.1f}"


def _waits(waits: list, length: float) -> SafeString:
    """Why there is nothing: shaded where the run waited for Facebook."""
    spans = ((wait["at"], min(wait["at"] + wait["seconds"], length)) for wait in waits if wait["at"] < length)
    shades = (
        (_x(start, length), f"{max(1, WIDTH * (end - start) / length):.1f}", HEIGHT) for start, end in spans
    )
    return format_html_join(
        "", '<rect class="inbox-rate-wait" x="{}" width="{}" height="{}"/>', ((x, w, h) for x, w, h in shades)
    )


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"


def rate_table(samples: list) -> list[dict]:
    """The same in numbers: at most LINES stretches with what was done in each."""
    if len(samples) < FEWEST:
        return []
    step = -(-(len(samples) - 1) // LINES)
    marks = [*samples[:-1:step], samples[-1]]
    return [
        {
            "until": duration(after[0]),
            "conversations": max(0, after[1] - before[1]),
            "messages": max(0, after[2] - before[2]),
            "requests": max(0, after[3] - before[3]),
        }
        for before, after in pairwise(marks)
    ]
