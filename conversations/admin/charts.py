"""Draws charts as safe HTML: the shapes are SVG that stretches, the text is HTML that stays readable.

Each chart is a `<figure>` with a title, a summary in one sentence, a legend if it has two colors, and a table
of its numbers. The colors come from `static/conversations/insight.css`; the HTML contains no styles.
"""

from collections.abc import Callable, Iterable, Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

WIDTH, HEIGHT = 1000, 100  # in units of the viewBox; the chart is stretched to the available space
MAX_LABELS = 5  # below the horizontal axis
SHADES = 8  # of a heat map
EMPTY = mark_safe("")

Format = Callable[[float], str]


def integer(number: float) -> str:
    return f"{number:,.0f}"


# -- parts of every chart ----------------------------------------------------------------------------------
def figure(
    title: str, summary: str, body: SafeString, *, legend: Iterable[tuple[str, str]] = ()
) -> SafeString:
    """Return the figure. `legend` is a list of (CSS class of the color, label)."""
    keys = format_html_join("", '<span class="insight-key {}">{}</span>', legend)
    return format_html(
        '<figure class="inbox-card insight-figure"><figcaption><h2>{}</h2><p class="inbox-quiet">{}</p>'
        "{}</figcaption>{}</figure>",
        title,
        summary,
        format_html('<p class="insight-legend">{}</p>', keys) if keys else EMPTY,
        body,
    )


def data_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> SafeString:
    """Return a collapsible table; the first column is the row header."""
    headings = format_html_join("", '<th scope="col">{}</th>', ((column,) for column in columns))
    cells = "<td>{}</td>" * (len(columns) - 1)
    lines = format_html_join("", f'<tr><th scope="row">{{}}</th>{cells}</tr>', rows)
    return format_html(
        '<details class="insight-numbers"><summary>{}</summary><div><table><thead><tr>{}</tr></thead>'
        "<tbody>{}</tbody></table></div></details>",
        gettext("Numbers"),
        headings,
        lines,
    )


def plot(shapes: SafeString, *, sides: Sequence[str], below: Sequence[str], summary: str) -> SafeString:
    """Return the SVG with labels: `sides` from top to bottom on its left, `below` under it."""
    return format_html(
        '<div class="insight-plot"><div class="insight-side-labels" aria-hidden="true">{}</div>'
        '<svg viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
        '<div class="insight-bottom-labels" aria-hidden="true">{}</div></div>',
        spans(sides),
        WIDTH,
        HEIGHT,
        summary,
        shapes,
        spans(below),
    )


def spans(labels: Iterable[str]) -> SafeString:
    return format_html_join("", "<span>{}</span>", ((label,) for label in labels))


def sample_labels(labels: Sequence[str]) -> list[str]:
    """Return the first, the last, and evenly spaced labels between them."""
    if len(labels) <= MAX_LABELS:
        return list(labels)
    return [labels[round(n * (len(labels) - 1) / (MAX_LABELS - 1))] for n in range(MAX_LABELS)]


# -- bar chart with two directions -------------------------------------------------------------------------
def bars(
    points: Sequence[tuple[str, int, int]], *, title: str, summary: str, up: str, down: str, axis: str
) -> SafeString:
    """Return a bar chart. `points` are (label, number above the axis, number below the axis).

    `up` and `down` name the two series, `axis` the labels.
    """
    most = max((number for _, *both in points for number in both), default=0) or 1
    middle, step = HEIGHT / 2, WIDTH / max(1, len(points))
    hover_areas = format_html_join(
        "",
        '<rect class="insight-hover" x="{}" width="{}" height="{}"><title>{}: {} {}, {} {}</title></rect>',
        (
            (
                rounded(n * step),
                rounded(step),
                HEIGHT,
                label,
                integer(above),
                up,
                integer(below),
                down,
            )
            for n, (label, above, below) in enumerate(points)
        ),
    )
    bar_paths = format_html(
        '<path class="insight-up" d="{}"/><path class="insight-down" d="{}"/>',
        rectangles([-middle * above / most for _, above, _ in points], step),
        rectangles([middle * below / most for _, _, below in points], step),
    )
    base = format_html('<line class="insight-axis" x1="0" x2="{}" y1="{}" y2="{}"/>', WIDTH, middle, middle)
    chart = plot(
        bar_paths + base + hover_areas,
        sides=[integer(most), "0", integer(most)],
        below=sample_labels([label for label, *_ in points]),
        summary=f"{title}. {summary}",
    )
    legend = [
        ("insight-up", gettext("%(name)s (up)") % {"name": up}),
        ("insight-down", gettext("%(name)s (down)") % {"name": down}),
    ]
    table = data_table(
        [axis, up.capitalize(), down.capitalize()],
        [(a, integer(b), integer(c)) for a, b, c in points],
    )
    return figure(title, summary, chart + table, legend=legend)


def rectangles(heights: Iterable[float], step: float) -> str:
    """Return the bars, drawn from the middle, as one SVG path."""
    width = rounded(0.8 * step)
    return " ".join(
        f"M{rounded((n + 0.1) * step)} {rounded(HEIGHT / 2)}h{width}v{rounded(height)}h-{width}z"
        for n, height in enumerate(heights)
        if height
    )


def rounded(number: float) -> float:
    return round(number, 2)


# -- line chart --------------------------------------------------------------------------------------------
def line(
    points: Sequence[tuple[str, float | None]],
    *,
    title: str,
    summary: str,
    axis: str,
    value: str,
    number_format: Format = integer,
    extra_columns: Sequence[tuple[str, Sequence[object]]] = (),
) -> SafeString:
    """Return a line chart. `points` are (label, number); None as a number leaves a gap.

    `axis` and `value` name the two; `number_format` formats a number. `extra_columns` are further columns of
    the table, as (heading, one cell for each point).
    """
    known = [number for _, number in points if number is not None]
    most = max(known, default=0) or 1
    positions = [
        (
            rounded((n + 0.5) * WIDTH / len(points)),
            None if number is None else rounded(100 - 92 * number / most),
        )
        for n, (_, number) in enumerate(points)
    ]
    chart = plot(
        format_html('<path class="insight-line" d="{}"/>', path(positions))
        + dots(points, positions, number_format),
        sides=[number_format(most), "", number_format(0)],
        below=sample_labels([label for label, _ in points]),
        summary=f"{title}. {summary}",
    )
    rows = [
        (
            label,
            gettext("none") if number is None else number_format(number),
            *(cells[n] for _, cells in extra_columns),
        )
        for n, (label, number) in enumerate(points)
    ]
    return figure(
        title, summary, chart + data_table([axis, value, *(heading for heading, _ in extra_columns)], rows)
    )


def path(positions: Iterable[tuple[float, float | None]]) -> str:
    """Return the line as an SVG path that is interrupted at each gap."""
    commands, has_previous = [], False
    for x, y in positions:
        if y is not None:
            commands.append(f"{'L' if has_previous else 'M'}{x} {y}")
        has_previous = y is not None
    return " ".join(commands)


def dots(points, positions, number_format: Format) -> SafeString:
    """Return the dots. Each is a line of zero length with round ends: it stays round in a stretched SVG."""
    return format_html_join(
        "",
        '<path class="insight-dot" d="M{} {}h0"><title>{}: {}</title></path>',
        (
            (x, y, label, number_format(number))
            for (label, number), (x, y) in zip(points, positions, strict=True)
            if number is not None
        ),
    )


# -- heat map ----------------------------------------------------------------------------------------------
def heat_map(
    rows: Sequence[tuple[str, Sequence[int]]], columns: Sequence[str], *, title: str, summary: str, unit: str
) -> SafeString:
    """Return a table whose cells are shaded by their number. `unit` says what is counted."""
    most = max((number for _, line in rows for number in line), default=0)
    headings = format_html_join("", '<th scope="col"><span>{}</span></th>', ((name,) for name in columns))
    lines = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        ((name, shades(name, line, columns, most)) for name, line in rows),
    )
    scale = format_html_join("", '<i class="insight-heat-{}"></i>', ((n,) for n in range(SHADES + 1)))
    body = format_html(
        '<table class="insight-heat"><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>'
        '<p class="insight-scale" aria-hidden="true">0 {} {} {}</p>',
        headings,
        lines,
        scale,
        integer(most),
        unit,
    )
    return figure(title, summary, body)


def shades(name: str, line: Sequence[int], columns: Sequence[str], most: int) -> SafeString:
    return format_html_join(
        "",
        '<td class="insight-heat-{}" title="{} {}: {}"><span>{}</span></td>',
        (
            (shade(number, most), name, heading, number, number)
            for heading, number in zip(columns, line, strict=True)
        ),
    )


def shade(number: int, most: int) -> int:
    """Return 0 for zero and 1 to SHADES for other numbers, so that the smallest one is visible."""
    return -(-number * SHADES // most) if most else 0


# -- horizontal bars ---------------------------------------------------------------------------------------
def named_bars(
    rows: Sequence[tuple[str, str, float, str]],
    *,
    title: str,
    summary: str,
    empty: str,
    number_format: Format = integer,
) -> SafeString:
    """Return bars for `rows` of (name, color, number, URL). `empty` is the text for no rows.

    Without a color the bar has that of the other charts, without a URL the name is no link.
    """
    if not rows:
        return figure(title, summary, format_html("<p>{}</p>", empty))
    most = max(number for _, _, number, _ in rows) or 1
    lines = format_html_join(
        "",
        '<li>{}<span class="insight-count">{}</span>'
        '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="insight-track" width="1000" height="10"/>{}</svg></li>',
        (
            (
                bar_name(name, url),
                number_format(number),
                bar(color, rounded(max(4, 1000 * number / most)) if number or color else 0),
            )
            for name, color, number, url in rows
        ),
    )
    return figure(title, summary, format_html('<ul class="insight-bars">{}</ul>', lines))


def bar_name(name: str, url: str) -> SafeString:
    if url:
        return format_html('<a class="insight-name" href="{}">{}</a>', url, name)
    return format_html('<span class="insight-name">{}</span>', name)


def bar(color: str, width: float) -> SafeString:
    if color:
        return format_html('<rect fill="{}" width="{}" height="10"/>', color, width)
    return format_html('<rect class="insight-bar" width="{}" height="10"/>', width)
