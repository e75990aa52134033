"""Draws the rate of a run over time from its samples, which `sync.timeline` describes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversations.lib.durations import format_duration

WIDTH, HEIGHT = 600, 80  # of the viewBox; the chart is as wide as the space allows
MAX_ROWS = 12  # of the table
MIN_SAMPLES = 3  # fewer give no useful chart
SERIES = ((_("Conversations"), 1), (_("Messages"), 2))  # the index of each in a sample


@dataclass(frozen=True)
class RateChart:
    """A chart with its `summary`; `end` is the label at the end of the time axis."""

    title: str
    summary: str
    svg: SafeString
    end: str


@dataclass(frozen=True)
class Interval:
    """A constant rate between two seconds of the run."""

    start: float
    end: float
    rate: float


def rate_charts(samples: list, waits: list) -> list[RateChart]:
    """Return a chart of conversations and one of messages.

    A run that was too short has none; a series without any change is left out.
    """
    if len(samples) < MIN_SAMPLES or samples[-1][0] <= 0:
        return []
    charts = (_chart(title, index, samples, waits) for title, index in SERIES)
    return [chart for chart in charts if chart]


def _chart(title: str | Promise, index: int, samples: list, waits: list) -> RateChart | None:
    intervals = list(_intervals(samples, index))
    highest, length = max(interval.rate for interval in intervals), samples[-1][0]
    if highest <= 0:
        return None
    mean = (samples[-1][index] - samples[0][index]) / length
    factor = 1 if mean >= 1 else 60
    text = (
        gettext("%(mean)s per second on average, %(highest)s at most")
        if factor == 1
        else gettext("%(mean)s per minute on average, %(highest)s at most")
    )
    summary = text % {"mean": _number(mean * factor), "highest": _number(highest * factor)}
    svg = format_html(
        '<svg class="inbox-rate" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '{}<path class="inbox-rate-area" d="{}"/></svg>',
        WIDTH,
        HEIGHT,
        f"{title}: {summary}",
        _waits(waits, length),
        _path(intervals, highest, length),
    )
    return RateChart(str(title), summary, svg, format_duration(length))


def _intervals(samples: list, index: int) -> Iterator[Interval]:
    for before, after in pairwise(samples):
        if after[0] > before[0]:
            change = max(0, after[index] - before[index])  # a batch that was rolled back counts as zero
            yield Interval(before[0], after[0], change / (after[0] - before[0]))


def _path(intervals: list[Interval], highest: float, length: float) -> str:
    steps = "".join(
        f"L{_x(interval.start, length)} {_y(interval.rate, highest)}H{_x(interval.end, length)}"
        for interval in intervals
    )
    return f"M0 {HEIGHT}{steps}V{HEIGHT}Z"


def _x(second: float, length: float) -> str:
    return f"{WIDTH * min(second, length) / length:.1f}"


def _y(rate: float, highest: float) -> str:
    return f"{HEIGHT * (1 - rate / highest):.1f}"


def _waits(waits: list, length: float) -> SafeString:
    """Return shaded areas where the run waited for Facebook."""
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
    """Return the numbers of at most MAX_ROWS intervals, with what was done in each."""
    if len(samples) < MIN_SAMPLES:
        return []
    step = -(-(len(samples) - 1) // MAX_ROWS)
    marks = [*samples[:-1:step], samples[-1]]
    return [
        {
            "until": format_duration(after[0]),
            "conversations": max(0, after[1] - before[1]),
            "messages": max(0, after[2] - before[2]),
            "requests": max(0, after[3] - before[3]),
        }
        for before, after in pairwise(marks)
    ]
